/* SPDX-License-Identifier: Apache-2.0 */
/*
 * newuidmap and newgidmap, the setuid programs that alone may put the ids that an administrator has
 * lent to a user into a user namespace.
 */
#ifndef YAWL_COMMON_ID_MAP_PROGRAM_H
#define YAWL_COMMON_ID_MAP_PROGRAM_H

#include "common/arena.h"
#include "common/error.h"

/* The words are the program's name, the process, and for each range the first id inside, the first
 * outside and how many. */
MUST_CHECK int id_map_program_run(const struct string_list *words, struct error *err);

#endif
