/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A byte source that inflates gzip: all members one after the other, checksums and lengths checked.
 */
#ifndef YAWL_RUNTIME_IMAGE_WORKER_GZIP_SOURCE_H
#define YAWL_RUNTIME_IMAGE_WORKER_GZIP_SOURCE_H

#include "runtime/image/worker/byte_source.h"

/* What follows the last member and is none (padding, mostly) is read and passed over. At its own
 * end it has read the inner source to the end. */
struct byte_source *gzip_source_new(struct byte_source *take_inner);

#endif
