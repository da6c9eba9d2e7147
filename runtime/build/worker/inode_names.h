/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files with several names, each by the name that it was met by first.
 */
#ifndef YAWL_RUNTIME_BUILD_WORKER_INODE_NAMES_H
#define YAWL_RUNTIME_BUILD_WORKER_INODE_NAMES_H

#include <sys/stat.h>

#include "common/arena.h"

struct inode_names;

struct inode_names *inode_names_new(struct arena *arena);

/* The path that the file was met by before; or NULL, and this path, which is borrowed, is
 * remembered. A file with one name is always new. */
const char *inode_names_first(struct inode_names *names, const struct stat *status,
                              const char *path);

#endif
