/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Takes from the net worker what it does not need: it talks to containers and to anybody outside,
 * so a mistake in it must be worth little.
 *
 * Ids and capabilities belong to each thread, and every thread drops its own. The rest holds for
 * the process.
 */
#ifndef YAWL_NET_WORKER_CAGE_H
#define YAWL_NET_WORKER_CAGE_H

#include <stdint.h>

#include "common/error.h"

/*
 * The id that the worker runs under: nobody's, so that it shares no process with others (user ids
 * 65520-65533 are assigned to nothing, see systemd's UIDS-GIDS), and one that a firewall rule can
 * name (meta skuid).
 */
enum { WORKER_CAGE_UID = 65533 };

/*
 * Of the calling thread: no groups, WORKER_CAGE_UID, no capabilities but those in the bit mask, no
 * new privileges by execve. Ids stay where they cannot change (an ordinary user, or a user
 * namespace that does not map them).
 */
MUST_CHECK int worker_cage_drop_ids(uint64_t keep_capabilities, struct error *err);

/* Of the process, whose threads have all dropped theirs: not traceable, and only the system calls
 * that are in the list of worker_filter.c. */
MUST_CHECK int worker_cage_lock(struct error *err);

/* The soft limit of open files becomes the hard one. */
void worker_cage_raise_files(void);

#endif
