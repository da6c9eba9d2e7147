/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pulls single images for whoever finds that it needs them; the registry client is made with the
 * first. May be used by several threads, which then wait for each other.
 */
#ifndef YAWL_RUNTIME_IMAGE_WORKER_IMAGE_FETCH_H
#define YAWL_RUNTIME_IMAGE_WORKER_IMAGE_FETCH_H

#include "runtime/image/image_store.h"

struct image_fetch;

/* The store is borrowed. */
struct image_fetch *image_fetch_new(struct image_store *store);
void image_fetch_free(struct image_fetch *fetch);
DEFINE_SCOPED(struct image_fetch *, image_fetch_free)

/* `platform` may be NULL: this machine's. Progress is reported as events. */
MUST_CHECK int image_fetch_one(struct image_fetch *fetch, const char *reference,
                               const char *platform, struct error *err);

#endif
