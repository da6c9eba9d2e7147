/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes an archive of files by name: into a tar file, a directory, or a tar to standard output.
 *
 * A file or directory appears under its name when it is whole; until then, and after a failure,
 * what was there before stays. The same files in the same order give the same bytes: all belong to
 * root, are readable and of 1970.
 */
#ifndef YAWL_RUNTIME_IMAGE_WORKER_ARCHIVE_WRITER_H
#define YAWL_RUNTIME_IMAGE_WORKER_ARCHIVE_WRITER_H

#include "runtime/image/worker/byte_source.h"

struct archive_writer;

/* `path` is "-" for standard output, which must not be a terminal, a directory when it ends in a
 * slash or names one, which must be empty, else a file. */
struct archive_writer *archive_writer_new(const char *path, struct error *err);
/* Removes what was not committed. */
void archive_writer_free(struct archive_writer *writer);
DEFINE_SCOPED(struct archive_writer *, archive_writer_free)

/* Adds the file; the source (borrowed) must have exactly `size` bytes. */
MUST_CHECK int archive_writer_put(struct archive_writer *writer, const char *name,
                                  struct byte_source *source, int64_t size, struct error *err);
MUST_CHECK int archive_writer_put_bytes(struct archive_writer *writer, const char *name,
                                        const void *bytes, size_t length, struct error *err);

/* Nothing can be added any more. */
MUST_CHECK int archive_writer_commit(struct archive_writer *writer, struct error *err);

#endif
