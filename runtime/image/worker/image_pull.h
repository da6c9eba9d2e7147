/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Brings an image from its registry into the store, or finds that it is there.
 *
 *     ask what the reference means -> it is here: done
 *     index -> manifest for the machine -> configuration
 *     layers that the store lacks: download | hash | inflate | hash | unpack, all at once
 *     one commit (image_import.h)
 *
 * A killed pull leaves the beginnings of its blobs for the next one, and nothing that can be run.
 */
#ifndef YAWL_RUNTIME_IMAGE_WORKER_IMAGE_PULL_H
#define YAWL_RUNTIME_IMAGE_WORKER_IMAGE_PULL_H

#include "runtime/image/worker/downloads.h"
#include "runtime/image/worker/pull_item.h"

/* What all pulls of a run share; borrowed. */
struct pull_context {
    struct image_store *store;
    struct registry *registry;
    struct downloads *downloads;
    const struct report *report;
};

/* May be called from several threads for different items. Success is reported. */
MUST_CHECK int image_pull(const struct pull_context *context, const struct pull_item *item,
                          struct error *err);

#endif
