/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A byte source that inflates another: gzip, zstd, or bytes that are neither, by what they begin
 * with.
 */
#ifndef YAWL_RUNTIME_IMAGE_WORKER_INFLATED_SOURCE_H
#define YAWL_RUNTIME_IMAGE_WORKER_INFLATED_SOURCE_H

#include "runtime/image/worker/byte_source.h"

enum packing { PACKING_NONE, PACKING_GZIP, PACKING_ZSTD };

enum { PACKING_MAGIC_BYTES = 4 };

/* How bytes that begin like this are packed; PACKING_MAGIC_BYTES are enough to see it. */
enum packing packing_of(const void *start, size_t length);

/* At its own end it has also read the inner source to the end, so that a check there sees every
 * byte. Reads the beginning at once. Frees the inner source also when it fails, which is NULL. */
struct byte_source *inflated_source_new(struct byte_source *take_inner, struct error *err);

#endif
