/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who needs which image, whatever becomes of its names: the leases of the store, read.
 */
#ifndef YAWL_RUNTIME_IMAGE_WORKER_IMAGE_LEASES_H
#define YAWL_RUNTIME_IMAGE_WORKER_IMAGE_LEASES_H

#include "runtime/image/image_store.h"

struct image_lease {
    const char *holder; /* a container's id, mostly */
    const char *id;     /* "sha256:...", of the image */
};

struct image_leases {
    struct image_lease *leases;
    size_t count;
};

/* One that is being written is left out. */
MUST_CHECK int image_leases_read(const struct image_store *store, struct arena *arena,
                                 struct image_leases *ret_leases, struct error *err);

/* A holder of the image, or NULL. */
const char *image_leases_holder(const struct image_leases *leases, const char *id);

#endif
