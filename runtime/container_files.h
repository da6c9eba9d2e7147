/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files of the host put into a running container, or taken away in it.
 *
 * It is done from outside, in the tree that the container's processes see: paths are the
 * container's, links included, which are followed in it alone; nothing is executed in it, and
 * nothing is needed in its image.
 */
#ifndef YAWL_RUNTIME_CONTAINER_FILES_H
#define YAWL_RUNTIME_CONTAINER_FILES_H

#include "common/error.h"
#include "runtime/container.h"

struct container_file {
    const char *source; /* absolute on the host; where nothing is, the target is removed */
    const char *target; /* absolute in the container */
};

/* Copies each as it is now: a file, a symbolic link, or a directory without what is in it. Whatever
 * else is at the target gives way; a file that is replaced keeps its owner, new ones are root's.
 * Other kinds of files are passed over. Returns when all is done; an error names the first that
 * could not be, the others are there. */
MUST_CHECK int container_put_files(struct container *container, const struct container_file *files,
                                   size_t count, struct error *err);

#endif
