/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libarchive's one home. It only reads and writes tar: its other readers are where most of its
 * vulnerabilities were, and its writer to disk checks symbolic links by
 * lstat(2).
 */
#ifndef YAWL_RUNTIME_IMAGE_WORKER_LIBARCHIVE_H
#define YAWL_RUNTIME_IMAGE_WORKER_LIBARCHIVE_H

#include <archive.h>
#include <archive_entry.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/cleanup.h"
#include "common/error.h"
#include "runtime/image/worker/byte_source.h"

/* Feeds an archive from a byte source. The error of the source is kept apart, because libarchive
 * would flatten it into its own. */
struct libarchive_feed {
    struct byte_source *source; /* borrowed */
    struct error err;
    bool failed;
};

/* Opens the archive (formats and filters are set) over the feed, which outlives it. */
MUST_CHECK int libarchive_open(struct archive *archive, struct libarchive_feed *feed,
                               struct error *err);

/* Fails with the source's error or libarchive's own; returns -1. */
int libarchive_error(struct archive *archive, const struct libarchive_feed *feed,
                     struct error *err);

static inline UNUSED void libarchive_free(struct archive *archive)
{
    if (archive)
        (void)archive_read_free(archive);
}
DEFINE_SCOPED(struct archive *, libarchive_free)

#endif
