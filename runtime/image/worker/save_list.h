/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes images of the store into one archive, what they share once.
 *
 * The OCI form is an image layout with the very blobs that the store has, and beside it docker's
 * manifest.json, so that older readers understand it too, as docker writes it since version 25. The
 * docker form is what `docker save` wrote before: configurations, uncompressed layers and
 * manifest.json.
 */
#ifndef YAWL_RUNTIME_IMAGE_WORKER_SAVE_LIST_H
#define YAWL_RUNTIME_IMAGE_WORKER_SAVE_LIST_H

#include "runtime/image/worker/archive_writer.h"
#include "runtime/image/worker/stored_image.h"

struct save_item {
    struct stored_image stored;
    const char *reference; /* under which it is found later, normalised; NULL: by its id */
};

struct save_list {
    struct arena *arena; /* borrowed */
    struct save_item *items;
    size_t count;
};

/* Finds the images and sees that the store has all of them. */
MUST_CHECK int save_list_read(struct image_store *store, char *const *references, size_t count,
                              struct arena *arena, struct save_list *ret_list, struct error *err);

MUST_CHECK int oci_save_write(struct image_store *store, const struct save_list *list,
                              struct archive_writer *writer, struct error *err);
MUST_CHECK int docker_save_write(struct image_store *store, const struct save_list *list,
                                 struct archive_writer *writer, struct error *err);

/* For them: one file to write. */
struct save_file {
    const char *name;    /* in the archive */
    const char *digest;  /* of the blob that it is made of */
    int64_t size;        /* of the blob */
    const char *diff_id; /* the docker form's layers: of the tar in the blob */
};

/* For them: the files sorted by name, none twice. */
struct save_files {
    struct save_file *files;
    size_t count;
};
void save_files_add(struct save_files *files, struct arena *arena, const struct save_file *file);
void save_files_sort(struct save_files *files);

/* For them: writes docker's list of the images; how files are called is the form's. */
struct save_names {
    const char *(*config)(struct arena *arena, const struct save_item *item);
    const char *(*layer)(struct arena *arena, const struct save_item *item, size_t at);
};
MUST_CHECK int save_list_put_docker(const struct save_list *list, const struct save_names *names,
                                    struct archive_writer *writer, struct error *err);

#endif
