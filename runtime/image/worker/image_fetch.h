/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pulls single images for whoever finds that it needs them, and pushes what it has made; the
 * registry client is made with the first. May be used by several threads, which then wait for each
 * other.
 */
#ifndef YAWL_RUNTIME_IMAGE_WORKER_IMAGE_FETCH_H
#define YAWL_RUNTIME_IMAGE_WORKER_IMAGE_FETCH_H

#include "runtime/image/image_store.h"
#include "runtime/image/worker/image_import.h"

struct image_fetch;

/* The store is borrowed. */
struct image_fetch *image_fetch_new(struct image_store *store);
void image_fetch_free(struct image_fetch *fetch);
DEFINE_SCOPED(struct image_fetch *, image_fetch_free)

/* `platform` may be NULL: this machine's. Progress is reported as events. */
MUST_CHECK int image_fetch_one(struct image_fetch *fetch, const char *reference,
                               const char *platform, struct error *err);

/* What a registry has under a reference, for this machine, without its layers. In the arena. */
struct image_peek {
    const char *pinned; /* the same as "NAME@DIGEST" */
    struct import_document config;
};
MUST_CHECK int image_fetch_peek(struct image_fetch *fetch, const char *reference,
                                struct arena *arena, struct image_peek *ret_peek,
                                struct error *err);

/* Sends an image of the store, by its id, to where the reference names. */
MUST_CHECK int image_fetch_push(struct image_fetch *fetch, const char *id, const char *reference,
                                struct error *err);

#endif
