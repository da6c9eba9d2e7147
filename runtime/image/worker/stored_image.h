/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An image of the store with its documents, for whoever passes it on or tells about it.
 */
#ifndef YAWL_RUNTIME_IMAGE_WORKER_STORED_IMAGE_H
#define YAWL_RUNTIME_IMAGE_WORKER_STORED_IMAGE_H

#include "runtime/image/image_store.h"
#include "runtime/image/worker/image_document.h"
#include "runtime/image/worker/image_import.h"

struct stored_image {
    const struct image *image;
    struct import_document config, manifest;
    const char *media_type;      /* of the manifest */
    struct image_manifest parts; /* what the manifest names */
};

/* Finds and reads it; that there is none is an error. */
MUST_CHECK int stored_image_read(struct image_store *store, const char *reference,
                                 struct arena *arena, struct stored_image *ret_stored,
                                 struct error *err);

/* Fails when the store lacks a blob of it. */
MUST_CHECK int stored_image_check_blobs(struct image_store *store,
                                        const struct stored_image *stored, struct error *err);

/* Opens a blob, digest and size checked while it is read. */
struct byte_source *stored_blob_open(struct image_store *store, const char *digest, int64_t size,
                                     struct error *err);

#endif
