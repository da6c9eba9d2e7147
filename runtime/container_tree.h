/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files of a container, for somebody outside who copies them in and out: those that its own
 * processes see while it runs, else its root with the volume or folder that a path lies in.
 *
 * Nothing here trusts what is in the tree: paths are for path_open_in_root().
 */
#ifndef YAWL_RUNTIME_CONTAINER_TREE_H
#define YAWL_RUNTIME_CONTAINER_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/error.h"
#include "runtime/container.h"

struct container_tree {
    int root_fd;      /* O_PATH */
    const char *path; /* what was asked for, below root_fd; borrowed from whoever asked */
    /* The container's ids from 0 on are these here. n_ids is 0: they are the same. */
    uint32_t first_id, n_ids;
};

/* Of a container that runs. */
MUST_CHECK int container_tree_open(const struct container *container, const char *path,
                                   struct container_tree *ret_tree, struct error *err);

/* Of one that does not; `path` is clean (path_clean()) and absolute. To be read only, unless
 * `writes`. */
MUST_CHECK int container_tree_open_stopped(const struct container_spec *spec, const char *path,
                                           bool writes, struct container_tree *ret_tree,
                                           struct error *err);

void container_tree_close(struct container_tree *tree);

/* What is made after this is the container's root's, until container_tree_leave(): the kernel takes
 * no files of ids that a tree cannot have. Ours are the privileges meanwhile as before. */
MUST_CHECK int container_tree_enter(const struct container_tree *tree, struct error *err);
void container_tree_leave(void);

#endif
