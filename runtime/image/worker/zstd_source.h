/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A byte source that inflates zstd: all frames one after the other.
 */
#ifndef YAWL_RUNTIME_IMAGE_WORKER_ZSTD_SOURCE_H
#define YAWL_RUNTIME_IMAGE_WORKER_ZSTD_SOURCE_H

#include "runtime/image/worker/byte_source.h"

/* A frame with a window of more than 128 MiB is refused. At its own end it has read the inner
 * source to the end. */
struct byte_source *zstd_source_new(struct byte_source *take_inner);

#endif
