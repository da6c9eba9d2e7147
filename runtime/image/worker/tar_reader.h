/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads tar in all its dialects (ustar, pax, GNU) entry by entry, by libarchive, into our own plain
 * struct.
 *
 * Nothing here touches the disk, and nothing is judged: names, links, owners and sizes are as
 * hostile as the archive. Texts are valid until the next entry.
 */
#ifndef YAWL_RUNTIME_IMAGE_WORKER_TAR_READER_H
#define YAWL_RUNTIME_IMAGE_WORKER_TAR_READER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "runtime/image/worker/byte_source.h"

enum tar_kind {
    TAR_FILE,
    TAR_DIR,
    TAR_SYMLINK,
    TAR_HARDLINK,
    TAR_CHAR_DEVICE,
    TAR_BLOCK_DEVICE,
    TAR_FIFO,
    TAR_OTHER,
};

struct tar_entry {
    const char *path;
    const char *link; /* TAR_SYMLINK, TAR_HARDLINK; else NULL */
    enum tar_kind kind;
    mode_t mode; /* permission bits with set-id and sticky */
    int64_t uid, gid;
    int64_t size; /* TAR_FILE: the logical size, holes included */
    struct timespec mtime;
    unsigned device_major, device_minor;
    int n_xattrs;
};

struct tar_xattr {
    const char *name;
    const void *value;
    size_t size;
};

struct tar_reader;

/* The source is borrowed. */
struct tar_reader *tar_reader_new(struct byte_source *source, struct error *err);
void tar_reader_free(struct tar_reader *reader);
DEFINE_SCOPED(struct tar_reader *, tar_reader_free)

/* The next entry, or NULL at the end of the archive (the source may have more bytes). */
MUST_CHECK int tar_reader_next(struct tar_reader *reader, const struct tar_entry **ret_entry,
                               struct error *err);

/* The next extended attribute of this entry; false after the last. */
bool tar_reader_next_xattr(struct tar_reader *reader, struct tar_xattr *ret_xattr);

struct tar_data {
    const void *bytes;
    size_t length;  /* 0: the end of the entry's data */
    int64_t offset; /* where in the file; what is left out is a hole */
};

MUST_CHECK int tar_reader_data(struct tar_reader *reader, struct tar_data *ret_data,
                               struct error *err);

/* Where this entry's data begin in the source, counted from its first byte. */
int64_t tar_reader_position(const struct tar_reader *reader);

#endif
