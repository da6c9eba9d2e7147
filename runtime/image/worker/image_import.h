/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Brings one image into the store: the same way, wherever its parts come from.
 *
 *     missing layers (missing_layers.h), each in a thread (layer_intake.h)
 *     all layers there -> mend the chain -> one syncfs(2) -> rename -> references
 *
 * Layers that the store has, as tree and as blob, are not opened. Until the last step nothing is
 * visible, and what a killed import leaves in tmp/ is removed by the next one. Afterwards the image
 * has a manifest whose layers are blobs of the store: its own, or one that is made here.
 */
#ifndef YAWL_RUNTIME_IMAGE_WORKER_IMAGE_IMPORT_H
#define YAWL_RUNTIME_IMAGE_WORKER_IMAGE_IMPORT_H

#include "runtime/image/image_store.h"
#include "runtime/image/worker/byte_source.h"

/* Bytes that live in the caller's arena. */
struct import_document {
    const char *bytes;
    size_t length;
};

struct import_layer {
    const char *name;   /* for its opener and for messages */
    const char *digest; /* of the bytes as they come, or NULL: the diffID alone is checked */
    int64_t size;       /* of the bytes as they come, or -1 */
};

struct import_image {
    struct string_list references; /* normalised; none: it stands under its id */
    struct import_document config;
    struct import_document manifest; /* length 0: there is none, one is made */
    const char *index_digest;        /* of the index that led to the manifest, or NULL */
    const char *platform;            /* "linux/arm64", as asked for; NULL: this machine's own */
    int64_t pulled_at;               /* unix seconds; 0: not pulled */
    struct import_layer *layers;     /* lowest first */
    size_t n_layers;
};

struct image_staging;

/* Where the bytes of layers come from. */
struct layer_opener {
    /* Called for each layer that is going to be opened, on the importing thread, in order and
     * before the first is: the time to begin what takes time. May be NULL. */
    void (*prepare)(const void *owner, const struct import_layer *layer);
    /* Opens the bytes of a layer. Called from several threads. */
    struct byte_source *(*open)(const void *owner, const struct import_layer *layer,
                                struct error *err);
    /* Called for each layer that was opened, on the importing thread, when its digests have proved
     * right: the time to hand over the blob (image_staging_adopt_blob()). NULL: the blob is kept by
     * the import, copied while it passes. */
    int (*finish)(const void *owner, const struct import_layer *layer,
                  struct image_staging *staging, struct error *err);
    const void *owner;
    size_t *left_out; /* gets how many devices this user may not make were left out; or NULL */
};

MUST_CHECK int image_import(struct image_store *store, const struct import_image *image,
                            const struct layer_opener *opener, struct error *err);

#endif
