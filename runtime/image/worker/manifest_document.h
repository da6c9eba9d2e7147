/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes the manifest of an image that came without one: an OCI image manifest (image-spec
 * manifest.md), the same bytes for the same parts.
 */
#ifndef YAWL_RUNTIME_IMAGE_WORKER_MANIFEST_DOCUMENT_H
#define YAWL_RUNTIME_IMAGE_WORKER_MANIFEST_DOCUMENT_H

#include <stddef.h>
#include <stdint.h>

#include "common/text.h"
#include "runtime/image/worker/inflated_source.h"

#define MEDIA_TYPE_OCI_MANIFEST "application/vnd.oci.image.manifest.v1+json"
#define MEDIA_TYPE_OCI_INDEX "application/vnd.oci.image.index.v1+json"
#define MEDIA_TYPE_OCI_CONFIG "application/vnd.oci.image.config.v1+json"

struct manifest_part {
    const char *digest;
    int64_t size;
    enum packing packing; /* of a layer */
};

struct manifest_parts {
    struct manifest_part config;
    struct manifest_part *layers; /* lowest first */
    size_t n_layers;
};

void manifest_document_format(const struct manifest_parts *parts, struct text *out);

#endif
