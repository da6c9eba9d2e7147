/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stream of bytes that its reader pulls, in pieces of the source's choosing and without copying.
 *
 * Sources are stacked: a file, a check of its digest, an inflater, another check, a read-ahead
 * thread. Each owns the one below. A source is used by one thread at a time.
 */
#ifndef YAWL_RUNTIME_IMAGE_WORKER_BYTE_SOURCE_H
#define YAWL_RUNTIME_IMAGE_WORKER_BYTE_SOURCE_H

#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/error.h"

struct byte_source;

struct byte_source_ops {
    /* The next bytes, valid until the next call; length 0 is the end. */
    int (*read)(void *owner, const void **ret_bytes, size_t *ret_length, struct error *err);
    /* Passes over up to `length` bytes unread and returns how many; may be NULL: none. */
    int64_t (*skip)(void *owner, int64_t length);
    void (*free)(void *owner);
};

struct byte_source *byte_source_new(const struct byte_source_ops *ops, void *take_owner);
void byte_source_free(struct byte_source *source);
DEFINE_SCOPED(struct byte_source *, byte_source_free)

MUST_CHECK int byte_source_read(struct byte_source *source, const void **ret_bytes,
                                size_t *ret_length, struct error *err);
int64_t byte_source_skip(struct byte_source *source, int64_t length);

/* Reads to the end, so that checks further down see every byte. */
MUST_CHECK int byte_source_drain(struct byte_source *source, struct error *err);

/* `length` bytes of a file from `offset`, read by position: the descriptor is borrowed and may
 * serve several sources at once. A file that ends earlier is an error. */
struct byte_source *byte_source_of_file(int fd, int64_t offset, int64_t length);

/* As above, from the beginning, and the descriptor is closed with the source. */
struct byte_source *byte_source_of_own_file(int take_fd, int64_t length);

/* Bytes in memory, borrowed. */
struct byte_source *byte_source_of_bytes(const void *bytes, size_t length);

/* All that can be read from a descriptor, e.g. a pipe; borrowed. */
struct byte_source *byte_source_of_stream(int fd);

#endif
