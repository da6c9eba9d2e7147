/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gzip (RFC 1952), one member at a time, by the library that this machine has: ISA-L, or zlib,
 * which needs twice the time.
 *
 * Neither keeps the buffers that it is given beyond a step.
 */
#ifndef YAWL_RUNTIME_IMAGE_WORKER_GZIP_CODEC_H
#define YAWL_RUNTIME_IMAGE_WORKER_GZIP_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/error.h"

/* What a step may read and where it may write; it moves both on. */
struct gzip_buffers {
    const uint8_t *in;
    size_t n_in;
    uint8_t *out;
    size_t n_out;
};

/* A step takes all input, unless the room for output ends before or the member does: so there may
 * be more to come without new input exactly when there is no room left. */
struct gzip_inflater;

struct gzip_inflater *gzip_inflater_new(void);
void gzip_inflater_free(struct gzip_inflater *inflater);
DEFINE_SCOPED(struct gzip_inflater *, gzip_inflater_free)

/* A new member's data begin with the next byte: its header is over. */
void gzip_inflater_begin(struct gzip_inflater *inflater);

/* *ret_end: the member is complete, its checksum and length were right. */
MUST_CHECK int gzip_inflater_step(struct gzip_inflater *inflater, struct gzip_buffers *buffers,
                                  bool *ret_end, struct error *err);

struct gzip_deflater;

/* Writes one member, fast rather than small. Equal bytes in equal steps give equal bytes. */
struct gzip_deflater *gzip_deflater_new(void);
void gzip_deflater_free(struct gzip_deflater *deflater);
DEFINE_SCOPED(struct gzip_deflater *, gzip_deflater_free)

/* With `is_last` nothing comes after this input; then the step is repeated until *ret_end. */
MUST_CHECK int gzip_deflater_step(struct gzip_deflater *deflater, struct gzip_buffers *buffers,
                                  bool is_last, bool *ret_end, struct error *err);

#endif
