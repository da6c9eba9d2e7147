/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An image as a registry has it: from a reference over indexes to the manifest for one machine and
 * its configuration. Layers are not touched.
 */
#ifndef YAWL_RUNTIME_IMAGE_WORKER_IMAGE_SOURCE_H
#define YAWL_RUNTIME_IMAGE_WORKER_IMAGE_SOURCE_H

#include "runtime/image/registry/registry.h"
#include "runtime/image/worker/image_document.h"
#include "runtime/image/worker/image_import.h"

struct image_source {
    const char *digest;              /* what the reference means: of an index or a manifest */
    const char *index_digest;        /* the same when it is an index, or NULL */
    struct import_document document; /* of the manifest */
    struct image_manifest manifest;  /* the same, read */
    struct import_document config;
};

/* Everything lives in the arena; documents are bounded and have their digests. Fails when there is
 * no image for the machine. */
MUST_CHECK int image_source_read(struct registry *registry, const struct image_reference *reference,
                                 const struct image_platform *machine, struct arena *arena,
                                 struct image_source *ret_source, struct error *err);

/* What kind of document a registry sent: its own word, or the document's where it has none. */
enum media_kind image_source_kind(const struct registry_manifest *manifest);

#endif
