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

#include "runtime/image/image_store.h"

struct collected {
    size_t n_layers, n_blobs, n_leftovers;
};

/* Fails without removing anything when another process keeps the store open for `patience_ms`, or
 * when an image that is still named cannot be read. */
MUST_CHECK int image_collect(struct image_store *store, unsigned patience_ms,
                             struct collected *ret_collected, struct error *err);

#endif
