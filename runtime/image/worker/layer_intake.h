/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One layer on its way into the staging area, in one pass over its bytes:
 *
 *     check digest and size -> [keep] -> inflate -> [thread] -> check diffID -> [pack] -> unpack
 *
 * A layer that comes with a digest is kept as it comes, for a manifest names it so; one without is
 * packed. Both end in a file of the staging area, to be adopted as a blob.
 */
#ifndef YAWL_RUNTIME_IMAGE_WORKER_LAYER_INTAKE_H
#define YAWL_RUNTIME_IMAGE_WORKER_LAYER_INTAKE_H

#include <stdatomic.h>
#include <stdbool.h>

#include "runtime/image/image_digest.h"
#include "runtime/image/worker/byte_source.h"
#include "runtime/image/worker/image_staging.h"

struct layer_intake {
    const char *digest;  /* of the bytes as they come, or NULL */
    int64_t size;        /* of the bytes as they come, or -1 */
    const char *diff_id; /* of the tar, or NULL: to be found out */
    const char *name;    /* in the staging area, of the layer's directory and the blob's file */
    bool unpack;         /* else the bytes are only checked */
    bool keep_blob;
    const atomic_bool *cancelled; /* true: reading fails; NULL: never */
};

struct layer_taken {
    char diff_id[IMAGE_DIGEST_SIZE];
    char blob[IMAGE_DIGEST_SIZE]; /* the digest, when it was kept */
    size_t left_out;              /* devices that this user may not make */
};

/* May be called from several threads. What a failure leaves is the staging area's to remove. */
MUST_CHECK int layer_intake_run(const struct layer_intake *intake, struct byte_source *take_source,
                                struct image_staging *staging, struct layer_taken *ret_taken,
                                struct error *err);

#endif
