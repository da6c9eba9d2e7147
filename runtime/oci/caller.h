/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An ordinary user as the caller: what root may do in any case, he may in a user namespace of his
 * own. He enters one in which the ids that the configuration maps have the numbers that they have
 * outside, so that everything after that is done as root does it; the container's own user
 * namespace is below. Who is root of a namespace already, as podman's runtime is, stays there.
 *
 * For create and run. To join the container or to end it he needs nothing: the namespaces are his.
 */
#ifndef YAWL_RUNTIME_OCI_CALLER_H
#define YAWL_RUNTIME_OCI_CALLER_H

#include "runtime/bundle_spec.h"

/* Enters the namespace, if the caller needs it. */
MUST_CHECK int caller_enter(const struct bundle_spec *bundle, struct error *err);

/* Adds what maps a caller's own id as it is, unless the ranges do. Public for tests. */
struct id_ranges caller_ranges(const struct id_ranges *asked, uint32_t own, struct arena *arena);

#endif
