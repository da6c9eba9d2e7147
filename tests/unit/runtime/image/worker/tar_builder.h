/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes tar archives for tests, hostile ones too: nothing is checked, everything can be said.
 */
#ifndef YAWL_TESTS_UNIT_RUNTIME_IMAGE_WORKER_TAR_BUILDER_H
#define YAWL_TESTS_UNIT_RUNTIME_IMAGE_WORKER_TAR_BUILDER_H

#include <stddef.h>

#include "common/text.h"

/* What is left out is 0; mode 0 is 0644, or 0755 for directories; mtime 0 is 1000000000. */
struct tar_put {
    const char *path;
    char type; /* as in the header: '0' file, '1' hard link, '2' link, '3' char, '4' block, '5' dir,
                * '6' FIFO; 0 is '0', or '5' when the path ends in a slash */
    const char *link;
    const void *data;
    size_t size;
    unsigned mode, uid, gid, major, minor;
    long mtime;
};

/* Appends an entry (ustar). A path or link beyond 100 bytes goes into a GNU long name. */
void tar_put(struct text *tar, const struct tar_put *entry);
#define TAR(tar, ...) tar_put((tar), &(struct tar_put){__VA_ARGS__})

/* A pax record for the next entry. */
void tar_put_pax(struct text *tar, const char *key, const void *value, size_t size);

/* A header block of the caller's own making, with the checksum set. */
void tar_put_block(struct text *tar, unsigned char block[512]);

/* Padding, and the two blocks of zeros. */
void tar_put_data(struct text *tar, const void *data, size_t size);
void tar_end(struct text *tar);

/* The bytes in a gzip wrapping, or in a zstd one that stores them as they are. */
void gzip_wrap(const struct text *plain, struct text *out);
void zstd_wrap(const struct text *plain, struct text *out);

#endif
