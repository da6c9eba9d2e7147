/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes an image of one layer from the tar of a root file system, as `docker import` does:
 * unpacked, hashed and packed in one pass.
 */
#ifndef YAWL_RUNTIME_IMAGE_WORKER_ROOTFS_IMPORT_H
#define YAWL_RUNTIME_IMAGE_WORKER_ROOTFS_IMPORT_H

#include "runtime/image/image_digest.h"
#include "runtime/image/image_store.h"
#include "runtime/image/worker/byte_source.h"

struct rootfs_spec {
    const char *reference;      /* normalised, or NULL: the image stands under its id */
    const char *platform;       /* "linux/arm64"; NULL: this machine's */
    const char *message;        /* told in the history */
    const char *created;        /* RFC 3339 */
    struct string_list changes; /* instructions, config_change.h */
};

MUST_CHECK int rootfs_import(struct image_store *store, const struct rootfs_spec *spec,
                             struct byte_source *take_source, char ret_id[IMAGE_DIGEST_SIZE],
                             struct error *err);

#endif
