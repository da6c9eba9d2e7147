/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Takes several layers in at a time, each in a thread with a read-ahead thread before it.
 */
#ifndef YAWL_RUNTIME_IMAGE_WORKER_LAYER_JOBS_H
#define YAWL_RUNTIME_IMAGE_WORKER_LAYER_JOBS_H

#include "runtime/image/worker/image_import.h"
#include "runtime/image/worker/layer_intake.h"

struct layer_job {
    const struct import_layer *layer;
    struct layer_intake intake;
    struct layer_taken taken; /* set when it is done */
};

/* Takes all of them into the staging area. The first error ends the others. */
MUST_CHECK int layer_jobs_run(struct layer_job *jobs, size_t n_jobs,
                              const struct layer_opener *opener, struct image_staging *staging,
                              struct error *err);

#endif
