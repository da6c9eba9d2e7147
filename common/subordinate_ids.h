/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ids that the administrator has lent to an ordinary user (subuid(5)), and the setuid programs
 * newuidmap and newgidmap, which alone may put them into a user namespace.
 *
 * Where the list comes from is the system's business (files, a directory service), so it is asked
 * for by getsubids(1); only where there is no such program are the files read, as the versions of
 * newuidmap do that are without it.
 */
#ifndef YAWL_COMMON_SUBORDINATE_IDS_H
#define YAWL_COMMON_SUBORDINATE_IDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/error.h"

enum { SUBORDINATE_RANGES_MAX = 32 };

struct subordinate_range {
    uint32_t first, count;
};

struct subordinate_ranges {
    struct subordinate_range items[SUBORDINATE_RANGES_MAX];
    size_t count;
};

struct subordinate_ids {
    struct subordinate_ranges users, groups;
};

/* What this user has. Having none is an error that says how to get some. */
MUST_CHECK int subordinate_ids_find(struct subordinate_ids *ret_ids, struct error *err);

/* Maps a process that is in a fresh user namespace: the ids that we run under become 0, the others
 * follow from 1 on. To be called from outside of that namespace. */
MUST_CHECK int subordinate_ids_map(const struct subordinate_ids *ids, pid_t pid, struct error *err);

/* Takes the user's ranges out of the text: lines "alice:100000:65536" or "1000:100000:65536" of a
 * file, or "0: alice 100000 65536" of getsubids. What is no such line, and what would run over the
 * end of the ids, is passed over. Public for tests. */
void subordinate_ranges_parse(const char *text, const char *name, uid_t uid,
                              struct subordinate_ranges *ret_ranges);

#endif
