/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which user and group ids this process can name: those that its user namespace maps. Root of the
 * machine has all of them, an ordinary user in a namespace of his own has himself as 0 and what the
 * administrator has lent him after that (docs/ordinary-users.md).
 */
#ifndef YAWL_COMMON_OWN_IDS_H
#define YAWL_COMMON_OWN_IDS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/error.h"
#include "common/text.h"

/* Whether we are in the machine's first user namespace, where every id is there. */
bool own_ids_are_all(void);

/* Whether processes of the user namespace of `pid` may not choose their supplementary groups, as
 * who has mapped himself alone has to promise. */
bool own_ids_keep_groups(pid_t pid);

/* How many there are from 0 on without a gap, of users and of groups both. */
MUST_CHECK int own_ids_count(uint32_t *ret_count, struct error *err);

/* What to write into a child's `name` ("uid_map", "gid_map"), so that its ids 0 to count - 1 are
 * ours: the kernel wants each line to lie within one line of our own map. Appends. */
MUST_CHECK int own_ids_identity(const char *name, uint32_t count, struct text *lines,
                                struct error *err);

/* The same for the text of a map; public for tests. */
void own_ids_identity_of(const char *map, uint32_t count, struct text *lines);
uint32_t own_ids_count_of(const char *map);

#endif
