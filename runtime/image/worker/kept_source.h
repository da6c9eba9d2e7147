/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Byte sources that write what passes to a file: as it is, or packed with gzip. So a layer becomes
 * a blob while it is being unpacked, in the one pass.
 */
#ifndef YAWL_RUNTIME_IMAGE_WORKER_KEPT_SOURCE_H
#define YAWL_RUNTIME_IMAGE_WORKER_KEPT_SOURCE_H

#include "runtime/image/image_digest.h"
#include "runtime/image/worker/byte_source.h"

/* The descriptor is borrowed. The file is whole when the source came to its end. */
struct byte_source *kept_source_new(struct byte_source *take_inner, int fd);

/* As above; what was written has the digest *ret_digest, known at the end. */
struct byte_source *packed_source_new(struct byte_source *take_inner, int fd,
                                      char ret_digest[IMAGE_DIGEST_SIZE]);

#endif
