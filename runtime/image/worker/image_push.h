/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sends an image of the store to the registry that its reference names.
 *
 * What goes out are the very bytes that came in, so digests stay. A blob that the registry has is
 * not sent; one that another repository of it is known to have is mounted from there.
 */
#ifndef YAWL_RUNTIME_IMAGE_WORKER_IMAGE_PUSH_H
#define YAWL_RUNTIME_IMAGE_WORKER_IMAGE_PUSH_H

#include "runtime/image/image_store.h"
#include "runtime/image/registry/registry.h"
#include "runtime/image/worker/report.h"

struct push_context {
    struct image_store *store;
    struct registry *registry;
    const struct report *report;
    const char *source; /* the image, if it is not the one of the name that it is pushed to */
};

/* `text` is the reference as the user wrote it, with a tag. Success is reported. */
MUST_CHECK int image_push(const struct push_context *context, const char *text, struct error *err);

#endif
