/* SPDX-License-Identifier: Apache-2.0 */
/*
 * New file systems and mount points, as the child of a clone makes them: descriptors only, nothing
 * allocated, and no path of an image followed out of its root.
 */
#ifndef YAWL_RUNTIME_FILESYSTEM_H
#define YAWL_RUNTIME_FILESYSTEM_H

#include <stdbool.h>

#include "common/cleanup.h"

struct filesystem_option {
    const char *name, *value; /* value NULL: a flag */
};

/* Makes a file system and mounts it detached, with MOUNT_ATTR_... `options` end with a NULL name,
 * or are NULL. Returns the descriptor, or -1 with errno. */
MUST_CHECK int filesystem_make(const char *type, unsigned attributes,
                               const struct filesystem_option *options);

/* Gives the file system behind `fd` other options. 0, or -1 with errno. */
MUST_CHECK int filesystem_change(int fd, const struct filesystem_option *options);

/* A detached copy of the mount behind `fd`, from this very file or directory down, or -1 with
 * errno. */
MUST_CHECK int filesystem_clone(int fd, bool recursive);

MUST_CHECK int filesystem_make_read_only(int mount_fd, bool recursive);

/* Opens what will be mounted on, inside the root; a missing directory (with its parents) or file is
 * made. A symbolic link is followed inside the root, also a dangling one. Returns an O_PATH
 * descriptor, or -1 with errno. */
MUST_CHECK int mountpoint_directory(int root_fd, const char *path);
MUST_CHECK int mountpoint_file(int root_fd, const char *path);

/* As mountpoint_directory() for one name directly below root_fd, which must not be a symbolic link:
 * ELOOP then. */
MUST_CHECK int mountpoint_own_directory(int root_fd, const char *name);

#endif
