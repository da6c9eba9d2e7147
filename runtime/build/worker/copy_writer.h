/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes what a COPY or ADD has found into the root file system of the image in the making.
 *
 * The destination is resolved with the image as its root; below it no link is followed: a file
 * takes the place of a link, a directory that meets something else is an error, as in BuildKit.
 */
#ifndef YAWL_RUNTIME_BUILD_WORKER_COPY_WRITER_H
#define YAWL_RUNTIME_BUILD_WORKER_COPY_WRITER_H

#include "runtime/build/worker/source_list.h"

struct copy_rules {
    const char *destination; /* absolute; a slash at the end says that it is a directory */
    bool has_owner;          /* --chown; without, owners are kept, or root's */
    uint32_t uid, gid;
    const char *mode; /* --chmod (file_mode.h), or NULL */
};

MUST_CHECK int copy_write(int root_fd, const struct copy_rules *rules,
                          const struct source_list *list, const struct source_tree *tree,
                          struct error *err);

/* A directory below the root, with those above it; the new ones have this owner, and mode 0755.
 * *ret_made: it was not there. Returns a descriptor that can be read, or -1. */
MUST_CHECK int copy_make_directory(int root_fd, const char *path, const struct copy_rules *rules,
                                   bool *ret_made, struct error *err);

/* Writes one new file with these bytes, as COPY <<NAME does. */
struct copy_bytes {
    const char *name;
    const void *bytes;
    size_t length;
    int64_t mtime; /* seconds */
};
MUST_CHECK int copy_write_bytes(int root_fd, const struct copy_rules *rules,
                                const struct copy_bytes *file, struct error *err);

#endif
