/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Garbage collection of the store: layers and blobs that no reference and no lease leads to, and
 * what killed imports left behind.
 *
 * It holds the store's lock alone while it looks and moves the garbage out of the way, which takes
 * milliseconds; removing the files goes on beside new readers.
 */
#ifndef YAWL_RUNTIME_IMAGE_WORKER_IMAGE_COLLECT_H
#define YAWL_RUNTIME_IMAGE_WORKER_IMAGE_COLLECT_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/image/image_store.h"

struct collected {
    size_t n_layers, n_blobs, n_leftovers;
    int64_t bytes; /* given back to the disk */
};

struct collect_spec {
    unsigned patience_ms; /* how long to wait for other processes that have the store open */
    bool keep_downloads;  /* what is half there of a pull stays, for the next to go on from */
};

/* Fails without removing anything when another process keeps the store open for longer than that,
 * or when an image that is still named cannot be read. */
MUST_CHECK int image_collect(struct image_store *store, const struct collect_spec *spec,
                             struct collected *ret_collected, struct error *err);

#endif
