/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ADD of a local archive: a tar, also one packed by gzip, zstd, xz or bzip2, is unpacked and then
 * copied like any other tree, by the rules of layers (layer_tree.h): nothing in it leads outside.
 */
#ifndef YAWL_RUNTIME_BUILD_WORKER_ARCHIVE_SOURCE_H
#define YAWL_RUNTIME_BUILD_WORKER_ARCHIVE_SOURCE_H

#include <stdbool.h>

#include "common/error.h"

/* Whether the file is such an archive. The descriptor is borrowed, its offset stays. */
bool archive_source_is(int fd);

/* Unpacks it below an empty directory; *ret_tree_fd is the caller's. */
MUST_CHECK int archive_source_unpack(int fd, int dir_fd, int *ret_tree_fd, struct error *err);

#endif
