/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A byte source that inflates xz or bzip2, by libarchive: for archives that users bring, as ADD
 * does. Layers are never packed so, which is why inflated_source.h does not know of it.
 */
#ifndef YAWL_RUNTIME_IMAGE_WORKER_XZ_SOURCE_H
#define YAWL_RUNTIME_IMAGE_WORKER_XZ_SOURCE_H

#include <stdbool.h>

#include "runtime/image/worker/byte_source.h"

enum { XZ_MAGIC_BYTES = 6 };

/* Whether bytes that begin like this are packed by one of the two. */
bool xz_source_is(const void *start, size_t length);

/* Frees the inner source also when it fails, which is NULL. */
struct byte_source *xz_source_new(struct byte_source *take_inner, struct error *err);

#endif
