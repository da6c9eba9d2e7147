/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The header of a gzip member (RFC 1952 2.3), passed over byte by byte, because it may end anywhere
 * in a stream of pieces. Nothing of it is kept; its own checksum, which hardly any has, is not
 * looked at: that of the content is.
 */
#ifndef YAWL_RUNTIME_IMAGE_WORKER_GZIP_HEADER_H
#define YAWL_RUNTIME_IMAGE_WORKER_GZIP_HEADER_H

#include <stddef.h>
#include <stdint.h>

/* All zero: before the first byte. */
struct gzip_header {
    int part;      /* which of the parts is being passed over */
    size_t passed; /* bytes of it */
    size_t extra_length;
    uint8_t flags;
};

enum gzip_header_state {
    GZIP_HEADER_UNCLEAR,  /* could still be something else */
    GZIP_HEADER_UNENDED,  /* it is one, and goes on */
    GZIP_HEADER_COMPLETE, /* the next byte belongs to the data */
    GZIP_HEADER_NONE,     /* it is none */
};

enum gzip_header_state gzip_header_pass(struct gzip_header *header, uint8_t byte);

#endif
