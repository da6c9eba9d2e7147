/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an archive offers, ready for image_import(): of an image for several machines the part for
 * this one; an image for one machine as it is, with that machine's platform.
 *
 * An OCI layout (index.json) goes before docker's own list (manifest.json); docker writes both
 * since 25. The names come from the annotations io.containerd.image.name and
 * org.opencontainers.image.ref.name, or from RepoTags. A ref.name without a colon and a slash is
 * still read as an image's name: "web" is "web:latest".
 */
#ifndef YAWL_RUNTIME_IMAGE_WORKER_IMPORT_LIST_H
#define YAWL_RUNTIME_IMAGE_WORKER_IMPORT_LIST_H

#include "runtime/image/worker/image_archive.h"
#include "runtime/image/worker/image_import.h"

struct import_list {
    struct arena *arena; /* borrowed */
    struct import_image *images;
    size_t count;
};

/* Reads the archive's documents. Fails when an image for several machines has no part for this one.
 */
MUST_CHECK int import_list_read(const struct image_archive *archive, struct arena *arena,
                                struct import_list *ret_list, struct error *err);

/* The two forms. */
MUST_CHECK int oci_layout_read(const struct image_archive *archive, struct import_list *list,
                               struct error *err);
MUST_CHECK int docker_archive_read(const struct image_archive *archive, struct import_list *list,
                                   struct error *err);

/* For them: adds an empty image, valid until the next. */
struct import_image *import_list_add(struct import_list *list);

/* For them: reads a document into the arena; with a digest it is checked. */
MUST_CHECK int import_document_read(const struct image_archive *archive, const char *name,
                                    struct arena *arena, struct import_document *ret_document,
                                    struct error *err);

#endif
