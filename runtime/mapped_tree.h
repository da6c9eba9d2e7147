/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A directory of the host as a detached mount with mapped ids, which the roots of many containers
 * are made from.
 *
 * Whoever lets go of a detached mount waits for the kernel, milliseconds on a busy machine. One for
 * each layer of each start would hold up everything else, so that there is one for all of them. It
 * is made at the first use, for that use's ids; nothing is ever attached to it.
 */
#ifndef YAWL_RUNTIME_MAPPED_TREE_H
#define YAWL_RUNTIME_MAPPED_TREE_H

#include "common/cleanup.h"
#include "common/error.h"
#include "runtime/container_spec.h"

/* A detached mount of one directory, mapped through userns_fd unless that is negative. */
MUST_CHECK int mapped_mount_open(const char *path, int userns_fd, int *ret_fd, struct error *err);

struct mapped_tree;

/* The path is absolute. */
struct mapped_tree *mapped_tree_new(const char *path);
void mapped_tree_free(struct mapped_tree *tree);
DEFINE_SCOPED(struct mapped_tree *, mapped_tree_free)

/* How the ids are mapped: userns_fd is any user namespace that has this map. */
struct tree_mapping {
    struct id_map map;
    int userns_fd;
};

/*
 * Opens the directory at an absolute path, as O_PATH and with its ids mapped. *ret_fd is -1 when
 * the tree cannot serve it: the path is not below, another file system is mounted in between, the
 * ids are others, or the tree was refused. A tree that is NULL serves nothing.
 */
MUST_CHECK int mapped_tree_open(struct mapped_tree *tree, const struct tree_mapping *mapping,
                                const char *path, int *ret_fd, struct error *err);

/* The kernel makes no overlay from it (before Linux 6.13): it serves nothing from now on. */
void mapped_tree_refuse(struct mapped_tree *tree);

#endif
