/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How an ordinary user comes by what root has: a user namespace in which he is 0, his subordinate
 * ids follow, and mounts and networks of its own can be made. After the entry the same code runs as
 * for root; the network stays the host's.
 *
 * All programs of one user are in one namespace as long as any of them or of their containers
 * lives, because nobody can go from one namespace to a sister of it. Who is there is told by the
 * lock of namespace_lock.h, or, when nobody but containers is left, by their records.
 */
#ifndef YAWL_ORCHESTRATOR_SUPERVISE_USER_ENTRY_H
#define YAWL_ORCHESTRATOR_SUPERVISE_USER_ENTRY_H

#include "common/error.h"

/* Enters, before anything of the state is opened. Does nothing for root, or where we are inside
 * already. Where things live stays what it was: the roots are fixed in the environment. */
MUST_CHECK int user_entry(struct error *err);

#endif
