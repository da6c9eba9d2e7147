/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a step has written: all that is in the upper directory of its overlay, in the order in which
 * it goes into the layer's tar.
 *
 * The order is that of names, a directory before what is in it, so that the same tree always makes
 * the same tar.
 */
#ifndef YAWL_RUNTIME_BUILD_WORKER_UPPER_LIST_H
#define YAWL_RUNTIME_BUILD_WORKER_UPPER_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "common/arena.h"
#include "common/error.h"

struct upper_item {
    const char *path; /* "usr/lib/x" */
    struct stat status;
    const char *link; /* where a symbolic link points; for a further name of a file: its first */
    bool is_hard_link;
    bool is_whiteout; /* what lower layers have there is gone */
    bool is_opaque;   /* a directory that hides what lower layers have in it */
};

struct upper_list {
    struct upper_item *items;
    size_t count;
    int64_t file_bytes; /* of all files */
    bool covers_all;    /* the root itself is opaque */
};

/* Reads the tree behind root_fd; overlayfs' own notes that a lower layer has no use for are taken
 * off on the way. Fails on a tree that only makes sense together with the layers it was written on
 * (redirects, copies of metadata alone). */
MUST_CHECK int upper_list_read(int root_fd, struct arena *arena, struct upper_list *ret_list,
                               struct error *err);

#endif
