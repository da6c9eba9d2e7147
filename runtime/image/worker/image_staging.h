/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A directory below tmp/ where new layers and blobs are written, until all of them move into the
 * store at once.
 *
 * What is staged is invisible. The commit syncs the file system once, then renames: layers and
 * blobs first, the references last. Whenever it is interrupted, the store has whole layers and an
 * index that names whole images.
 */
#ifndef YAWL_RUNTIME_IMAGE_WORKER_IMAGE_STAGING_H
#define YAWL_RUNTIME_IMAGE_WORKER_IMAGE_STAGING_H

#include "common/text.h"
#include "runtime/image/image_catalog.h"
#include "runtime/image/image_store.h"

struct image_staging;

/* The store is borrowed. */
struct image_staging *image_staging_new(struct image_store *store, struct error *err);
/* Removes what was not committed. */
void image_staging_free(struct image_staging *staging);
DEFINE_SCOPED(struct image_staging *, image_staging_free)

/* Makes an empty directory for layers/<name>. May be called from several threads. */
MUST_CHECK int image_staging_make_layer(struct image_staging *staging, const char *name,
                                        int *ret_fd, struct error *err);

/* Makes an empty file for a blob whose digest is not known yet. May be called from several threads.
 */
MUST_CHECK int image_staging_make_blob(struct image_staging *staging, const char *name, int *ret_fd,
                                       struct error *err);

/* The file is whole and becomes the blob at commit. Not for several threads. */
MUST_CHECK int image_staging_keep_blob(struct image_staging *staging, const char *name,
                                       const char *digest, struct error *err);

/* Gives a layer that was made another name. */
MUST_CHECK int image_staging_rename_layer(struct image_staging *staging, const char *name,
                                          const char *new_name, struct error *err);

/* Declares the layer whole: it gets its commit marker and takes part in the commit. Not for several
 * threads. */
MUST_CHECK int image_staging_keep_layer(struct image_staging *staging, const char *name,
                                        struct error *err);

/* Opens the tree of a layer, staged or in the store. */
MUST_CHECK int image_staging_open_layer(const struct image_staging *staging, const char *name,
                                        int *ret_fs_fd, struct error *err);

/* Reads a note of a layer (layer_unpack.h), staged or in the store. */
MUST_CHECK int image_staging_read_note(const struct image_staging *staging, const char *name,
                                       const char *note, struct text *ret_bytes, struct error *err);

/* Writes a note of a layer, staged or in the store. */
MUST_CHECK int image_staging_write_note(struct image_staging *staging, const char *name,
                                        const char *note, const char *text, struct error *err);

MUST_CHECK int image_staging_put_blob(struct image_staging *staging, const char *digest,
                                      const void *bytes, size_t length, struct error *err);

/* Opens a blob for reading, staged or in the store. */
MUST_CHECK int image_staging_open_blob(const struct image_staging *staging, const char *digest,
                                       int *ret_fd, struct error *err);

/* At commit the file dir_fd/name, whose digest the caller has verified, becomes the blob. The
 * descriptor stays the caller's and open until then, the file on the store's file system. One blob
 * may be adopted more than once; the first file counts. */
MUST_CHECK int image_staging_adopt_blob(struct image_staging *staging, const char *digest,
                                        int dir_fd, const char *name, struct error *err);

/* Moves everything into the store and sets the records. */
MUST_CHECK int image_staging_commit(struct image_staging *staging,
                                    const struct image_record *records, size_t n_records,
                                    struct error *err);

/* Removes what killed imports left in tmp/, when no other process has the store open. */
void image_staging_sweep(struct image_store *store);

/* Removes all that is in a directory. */
MUST_CHECK int image_staging_clear(int dir_fd, struct error *err);

#endif
