/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blobs on their way from registries into downloads/sha256/<hex> of the store, several at a time.
 *
 * A download is a file that grows; its readers follow it, so that hashing, inflating and unpacking
 * go on while it comes. What is there from an earlier run is kept and the rest asked for. The file
 * is flocked while this process works on it: of two processes that want one blob, the second waits
 * and then finds it. Digests are the reader's to check.
 */
#ifndef YAWL_RUNTIME_IMAGE_WORKER_DOWNLOADS_H
#define YAWL_RUNTIME_IMAGE_WORKER_DOWNLOADS_H

#include "runtime/image/image_store.h"
#include "runtime/image/registry/registry.h"
#include "runtime/image/worker/byte_source.h"
#include "runtime/image/worker/image_staging.h"
#include "runtime/image/worker/report.h"

struct downloads;

/* All are borrowed. */
struct downloads *downloads_new(struct image_store *store, struct registry *registry,
                                const struct report *report);
/* Every download must have been freed. */
void downloads_free(struct downloads *downloads);
DEFINE_SCOPED(struct downloads *, downloads_free)

/* What to fetch; borrowed until the download is freed. */
struct download_spec {
    const struct image_reference *reference; /* whose repository has the blob */
    const char *image;                       /* as the user wrote it, for reports */
    const char *digest;
    int64_t size;
    bool skip_mirrors; /* a mirror is suspected of other bytes */
};

struct download;

/* Queues a download; it begins when its turn comes. */
struct download *download_new(struct downloads *downloads, const struct download_spec *spec);
/* Ends it, waiting for that. What came stays for the next time. */
void download_free(struct download *download);
DEFINE_SCOPED(struct download *, download_free)

/* The blob's bytes from the first on, as they come. Must not outlive the download. */
struct byte_source *download_open(struct download *download);

/* Hands the complete file over to the store's blobs, with the commit of `staging`. */
MUST_CHECK int download_keep(struct download *download, struct image_staging *staging,
                             struct error *err);

/* Removes the file when all of it is there and its digest is wrong; says so. To be asked after a
 * failure, so that it does not repeat itself. */
bool download_discard_bad(struct download *download);

#endif
