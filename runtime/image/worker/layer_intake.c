/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/worker/layer_intake.h"

#include <stdio.h>
#include <string.h>

#include "common/fd.h"
#include "runtime/image/image_limits.h"
#include "runtime/image/worker/checked_source.h"
#include "runtime/image/worker/inflated_source.h"
#include "runtime/image/worker/kept_source.h"
#include "runtime/image/worker/layer_unpack.h"
#include "runtime/image/worker/read_ahead.h"

/* The stack of sources that ends in the layer's tar. */
static struct byte_source *open_tar(const struct layer_intake *intake,
                                    struct byte_source *take_source, int blob_fd,
                                    struct layer_taken *taken, struct error *err)
{
    const struct checked_source_spec packed = {.digest = intake->digest,
                                               .size = intake->size,
                                               .limit_bytes = LIMIT_LAYER_BYTES,
                                               .cancelled = intake->cancelled};
    const struct checked_source_spec plain = {.digest = intake->diff_id,
                                              .size = -1,
                                              .limit_bytes = LIMIT_LAYER_BYTES,
                                              .ret_digest = taken->diff_id};
    struct byte_source *source = checked_source_new(take_source, &packed);

    if (blob_fd >= 0 && intake->digest) {
        source = kept_source_new(source, blob_fd);
        memcpy(taken->blob, intake->digest, IMAGE_DIGEST_SIZE);
    }
    source = inflated_source_new(source, err);
    if (!source)
        return NULL;
    source = checked_source_new(read_ahead_new(source), &plain);
    if (blob_fd >= 0 && !intake->digest)
        source = packed_source_new(source, blob_fd, taken->blob);
    return source;
}

static int unpack(const struct layer_intake *intake, struct byte_source *tar,
                  struct image_staging *staging, size_t *ret_left_out, struct error *err)
{
    scoped_fd int layer_fd = -1;

    if (image_staging_make_layer(staging, intake->name, &layer_fd, err) < 0)
        return -1;
    return layer_unpack(tar, layer_fd, ret_left_out, err);
}

int layer_intake_run(const struct layer_intake *intake, struct byte_source *take_source,
                     struct image_staging *staging, struct layer_taken *ret_taken,
                     struct error *err)
{
    scoped(byte_source_free) struct byte_source *tar = NULL;
    scoped_fd int blob_fd = -1;
    struct layer_taken taken = {0};
    int result;

    if (intake->keep_blob && image_staging_make_blob(staging, intake->name, &blob_fd, err) < 0) {
        byte_source_free(take_source);
        return -1;
    }
    tar = open_tar(intake, take_source, blob_fd, &taken, err);
    if (!tar)
        return -1;
    result = intake->unpack ? unpack(intake, tar, staging, &taken.left_out, err)
                            : byte_source_drain(tar, err);
    if (result == 0)
        *ret_taken = taken;
    return result;
}
