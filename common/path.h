/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths are walked from a directory descriptor, never joined as strings; inside a container's tree
 * the kernel resolves them (openat2(2)), so that an image's symbolic links cannot lead outside.
 */
#ifndef YAWL_COMMON_PATH_H
#define YAWL_COMMON_PATH_H

#include <stdbool.h>
#include <sys/types.h>

#include "common/arena.h"
#include "common/error.h"

/* Opens `path` with `root_fd` as its root: symbolic links and ".." stay inside (RESOLVE_IN_ROOT |
 * RESOLVE_NO_MAGICLINKS). O_CLOEXEC is added. Returns the descriptor, or -1 with errno. */
int path_open_in_root(int root_fd, const char *path, int flags, mode_t mode);

/* Opens a regular file of a tree that somebody else has made, for reading. What is none is not even
 * opened, as that alone can do something: to a device, or to who waits at a FIFO. Nor are files of
 * procfs and sysfs, where reading can: /proc/kmsg takes the kernel's messages from the host.
 * Returns the descriptor, or -1 with errno, which is EINVAL for what is no such file. */
int path_open_file_in_root(int root_fd, const char *path);

/* The same for one name of a directory, which is no link, with O_RDONLY or O_WRONLY. ELOOP: it is a
 * link. */
int path_open_file_at(int dir_fd, const char *name, int flags);

/* Whether the descriptor's file is one that the kernel makes up (procfs, sysfs, control groups):
 * not what anybody means to copy. */
bool path_is_kernels(int fd);

/* As path_open_in_root(), but leaving the tree or meeting any symbolic link is an error
 * (RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS). */
int path_open_beneath(int dir_fd, const char *path, int flags, mode_t mode);

/* Creates the missing directories of `path` inside root_fd, following the tree's own links inside
 * the root, and returns a descriptor (O_PATH) of the last, or -1 with errno. */
int path_make_dirs_in_root(int root_fd, const char *path, mode_t mode);

/* Creates `path` (relative to dir_fd, or absolute) like mkdir -p on the host's side. */
MUST_CHECK int path_make_dirs(int dir_fd, const char *path, mode_t mode, struct error *err);

/* Removes `name` below dir_fd with all that is in it, never following links. Absence is success. */
MUST_CHECK int path_remove_tree(int dir_fd, const char *name, struct error *err);

/* Lexical: removes "//", "/./", "x/..", a trailing slash. Relative stays relative; "" gives ".". */
char *path_clean(struct arena *arena, const char *path);

/* `base`/`path` cleaned, or `path` cleaned when it is absolute. */
char *path_join(struct arena *arena, const char *base, const char *path);

/* The last component, borrowed from `path`. */
const char *path_base_name(const char *path);

#endif
