/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files of an image archive by name, wherever they are: a directory, a tar file (read in place,
 * in any order and by several threads), or a compressed or piped tar, which is spooled to a
 * nameless file first.
 *
 * It knows nothing of images; oci_layout and docker_archive do.
 */
#ifndef YAWL_RUNTIME_IMAGE_WORKER_IMAGE_ARCHIVE_H
#define YAWL_RUNTIME_IMAGE_WORKER_IMAGE_ARCHIVE_H

#include <stdbool.h>

#include "common/text.h"
#include "runtime/image/worker/byte_source.h"

struct image_archive;

/* Opens a directory, a file, or standard input for "-". The spool goes to `spool_dir_fd`. */
struct image_archive *image_archive_open(const char *path, int spool_dir_fd, struct error *err);
void image_archive_free(struct image_archive *archive);
DEFINE_SCOPED(struct image_archive *, image_archive_free)

/* Opens a member for reading; it must not outlive the archive. May be called from several threads.
 * NULL with an error, also when there is no such member. */
struct byte_source *image_archive_member(const struct image_archive *archive, const char *name,
                                         struct error *err);

/* Reads a member whole. *ret_exists is false when there is none; pass NULL to make that an error.
 */
MUST_CHECK int image_archive_read(const struct image_archive *archive, const char *name,
                                  struct text *ret_bytes, bool *ret_exists, struct error *err);

#endif
