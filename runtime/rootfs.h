/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A container's root file system: overlayfs over the image's layers, as a detached mount.
 *
 * With a user namespace the ids on disk should stay as the image has them, so layers and upper
 * directory are id-mapped. Not every kernel and file system can do that, hence a ladder of ways,
 * tried from the best one.
 */
#ifndef YAWL_RUNTIME_ROOTFS_H
#define YAWL_RUNTIME_ROOTFS_H

#include <stdbool.h>

#include "common/arena.h"
#include "common/error.h"
#include "runtime/mapped_tree.h"

enum rootfs_way {
    ROOTFS_MAPPED,        /* layers and upper directory are mapped */
    ROOTFS_LAYERS_MAPPED, /* the upper directory holds the ids of the host */
    ROOTFS_PLAIN,         /* nothing is mapped: no user namespace, or one of an ordinary user */
};

enum rootfs_upper {
    ROOTFS_UPPER_NONE,   /* the layers alone, read-only */
    ROOTFS_UPPER_MEMORY, /* a tmpfs of its own: read-only layers that need mount points */
    ROOTFS_UPPER_DIR,
};

struct rootfs_request {
    struct string_list layers; /* absolute, lowest first */
    enum rootfs_upper upper;
    const char *upper_dir; /* holds "upper" and "work", made here when they are missing */
    /* The upper directory is going to be a layer: it makes sense without those below, and it is not
     * synced, because whoever makes the layer does that. */
    bool upper_is_layer;
    enum rootfs_way way;
    int userns_fd;            /* unless ROOTFS_PLAIN */
    struct id_map map;        /* unless ROOTFS_PLAIN: of that user namespace */
    struct mapped_tree *tree; /* to open layers and upper directory in; or NULL */
};

struct rootfs;

/* The same of a directory that is a root already, with what is mounted below it; nothing of it
 * propagates. *ret_rootfs is the caller's. */
MUST_CHECK int rootfs_of_directory(const char *path, struct rootfs **ret_rootfs, struct error *err);

/* The same of a mount that there is. */
struct rootfs *rootfs_of_mount(int take_mount_fd);

/* Mounts it, detached. *ret_rootfs is the caller's. With the mapped ways, failure may only mean
 * that this host needs the next one. */
MUST_CHECK int rootfs_mount(const struct rootfs_request *request, struct rootfs **ret_rootfs,
                            struct error *err);

/* The mount. Borrowed. */
int rootfs_fd(const struct rootfs *rootfs);
int rootfs_steal_fd(struct rootfs *rootfs);

/* Lets go of the mount, and of its parts: for each that is a mount of its own the kernel waits a
 * little, so that there is a better time for it than before a container's start. */
void rootfs_free(struct rootfs *rootfs);
DEFINE_SCOPED(struct rootfs *, rootfs_free)

#endif
