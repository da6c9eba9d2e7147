/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ADD of a local archive: a tar, also one packed by gzip or zstd, is unpacked and then copied like
 * any other tree, by the rules of layers (layer_tree.h): nothing in it leads outside.
 */
#ifndef YAWL_RUNTIME_BUILD_WORKER_ARCHIVE_SOURCE_H
#define YAWL_RUNTIME_BUILD_WORKER_ARCHIVE_SOURCE_H

#include <stdbool.h>

#include "common/error.h"

/* Whether the file is such an archive. What looks like one packed by something else is an error,
 * not a file to be copied. The descriptor is borrowed, its offset stays. */
MUST_CHECK int archive_source_look(int fd, bool *ret_is_archive, struct error *err);

/* Unpacks it below an empty directory; *ret_tree_fd is the caller's. */
MUST_CHECK int archive_source_unpack(int fd, int dir_fd, int *ret_tree_fd, struct error *err);

#endif
