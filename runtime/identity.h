/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who a container's program runs as: `user:` looked up in the image's own /etc/passwd and
 * /etc/group.
 *
 * The files are the image's and therefore hostile: opened inside the root only, regular files of
 * bounded size only. A string of digits is always a number, never a name (CVE-2026-46680), and
 * numbers end at 2^31-2. No NSS.
 */
#ifndef YAWL_RUNTIME_IDENTITY_H
#define YAWL_RUNTIME_IDENTITY_H

#include <stdint.h>

#include "common/arena.h"
#include "common/error.h"

struct process_spec;

enum { IDENTITY_MAX_GROUPS = 512, IDENTITY_MAX_HOME = 512 };

/* Ids as the container sees them. Plain data: it is sent to the child as it is. */
struct identity {
    uint32_t uid, gid;
    uint32_t n_groups; /* gid is the first */
    uint32_t groups[IDENTITY_MAX_GROUPS];
    char home[IDENTITY_MAX_HOME];
};

/* Who a bundle's process runs as; only the home directory comes from the tree. */
MUST_CHECK int identity_of_process(int root_fd, const struct process_spec *process,
                                   struct identity *ret_identity, struct error *err);

/* Looks up "", "uid", "name", "uid:gid", "name:group", ... and the further groups (names or
 * numbers) in the tree behind root_fd. A number needs no entry: gid 0 and home "/" then. */
MUST_CHECK int identity_find(int root_fd, const char *user, struct string_list groups,
                             struct identity *ret_identity, struct error *err);

#endif
