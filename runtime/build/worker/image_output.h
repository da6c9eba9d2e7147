/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The last step of a build: the draft becomes an image of the store.
 *
 * Layers that were only trees so far are packed now, those of other stages never: an image can be
 * pushed and saved as if it had been pulled.
 */
#ifndef YAWL_RUNTIME_BUILD_WORKER_IMAGE_OUTPUT_H
#define YAWL_RUNTIME_BUILD_WORKER_IMAGE_OUTPUT_H

#include "runtime/build/worker/build.h"
#include "runtime/image/worker/image_import.h"

/* `ret_id` is the image's. The layers are in the store. */
MUST_CHECK int image_output(struct build *build, struct image_draft *draft,
                            char ret_id[IMAGE_DIGEST_SIZE], struct error *err);

/* Any image of layers that are in the store. */
struct output_image {
    struct import_document config;
    struct string_list diff_ids;
    struct string_list references; /* normalised */
};
MUST_CHECK int image_output_keep(struct build *build, const struct output_image *image,
                                 struct error *err);

#endif
