/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making, finding and removing our groups as directories of one hierarchy.
 *
 * Only directories below `root`/yawl are ever made or removed, unless somebody else (the caller of
 * an OCI runtime, `cgroup_parent` of a Compose file) has chosen the place: then `parent` begins
 * with '/', and of it what follows "/yawl/" is ours to remove, and of what is above that the groups
 * that were not there before us: these carry a mark, an extended attribute.
 * Others of ours may make and remove siblings and parents at the same time; the functions here bear
 * it.
 */
#ifndef YAWL_RUNTIME_CGROUP_CGROUP_TREE_H
#define YAWL_RUNTIME_CGROUP_CGROUP_TREE_H

#include <stdbool.h>

#include "common/error.h"

struct cgroup_path {
    const char *root;   /* absolute; exists */
    const char *parent; /* "yawl/PROJECT"; or "/CHOSEN/BY/OTHERS", "/CHOSEN/yawl/PROJECT", "/" for
                           the root itself */
    const char *id;
    bool is_there; /* somebody else has made it */
};

/* What has to be done to the root and to every group above the new one before it is made. */
struct cgroup_preparation {
    int (*prepare)(int dir_fd, bool is_root, void *context, struct error *err);
    void *context;
};

/* Refuses names that lead elsewhere than below "yawl" or, with a '/', below the root. */
MUST_CHECK int cgroup_path_check(const char *parent, const char *id, struct error *err);

/* Opens a group that is there, or makes one that did not exist before: an empty left-over is
 * removed first, a populated one is an error with EBUSY. `preparation` may be NULL. *ret_fd is the
 * directory, the caller's. */
MUST_CHECK int cgroup_tree_make(const struct cgroup_path *path,
                                const struct cgroup_preparation *preparation, int *ret_fd,
                                struct error *err);

/* *ret_fd is -1 when there is no such group. */
MUST_CHECK int cgroup_tree_open(const struct cgroup_path *path, int *ret_fd, struct error *err);

/* Removes the group and the empty groups in it. Absence is success; EBUSY while processes remain.
 */
MUST_CHECK int cgroup_tree_remove(const struct cgroup_path *path, struct error *err);

/* Removes `parent` and what is above it up to "yawl" or to what we did not make, each if it is
 * empty; nothing where no "yawl" is. */
void cgroup_tree_remove_parents(const char *root, const char *parent);

#endif
