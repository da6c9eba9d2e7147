/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One layer: from its uncompressed tar stream to a directory that overlayfs can mount, in one pass.
 *
 * Next to the tree, `layer_fd` gets what the store keeps of a layer besides its files:
 *
 *     fs/        the tree
 *     size       the bytes of its files, in decimal
 *     implicit   the paths of directories that the tar needs but does not describe, but lower
 *                layers may, each with a NUL
 *     opaque     there when the layer hides all that is below it
 *
 * The commit marker is not written here: a layer counts only after its digest was checked and its
 * bytes are on the disk.
 */
#ifndef YAWL_RUNTIME_IMAGE_WORKER_LAYER_UNPACK_H
#define YAWL_RUNTIME_IMAGE_WORKER_LAYER_UNPACK_H

#include "runtime/image/worker/byte_source.h"

/* *ret_left_out is how many devices were left out, because this user may not make any. Reads the
 * source (borrowed) to its end, beyond the archive's own end, so that a digest check in
 * it comes to its verdict. What a failure leaves in layer_fd is the caller's to remove. */
MUST_CHECK int layer_unpack(struct byte_source *tar, int layer_fd, size_t *ret_left_out,
                            struct error *err);

#endif
