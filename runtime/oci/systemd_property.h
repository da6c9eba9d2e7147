/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A property of the unit that an annotation asks for: "org.systemd.property.TimeoutStopUSec" with
 * the value in GVariant's text format, "uint64 5000000". That is how D-Bus has it; systemd-run
 * wants what unit files have, "TimeoutStopSec=5000000us".
 */
#ifndef YAWL_RUNTIME_OCI_SYSTEMD_PROPERTY_H
#define YAWL_RUNTIME_OCI_SYSTEMD_PROPERTY_H

#include "common/arena.h"

/* "NAME=VALUE" as unit files have it, or NULL when the name is none or the value is not a boolean,
 * a number, a string or an array of these. */
const char *systemd_property_parse(const char *name, const char *value, struct arena *arena);

#endif
