/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of a file. */
#ifndef YAWL_COMMON_FILE_COPY_H
#define YAWL_COMMON_FILE_COPY_H

#include "common/error.h"

/* Copies from where source_fd stands to its end, to where target_fd stands; without a way through
 * user space, and sharing the blocks where the file system can (copy_file_range(2), sendfile(2)).
 * The source may also be a pipe, a socket or a terminal. */
MUST_CHECK int file_copy(int source_fd, int target_fd, struct error *err);

#endif
