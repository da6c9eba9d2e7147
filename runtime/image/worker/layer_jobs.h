/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Unpacks several layers at a time, each in a thread with a read-ahead thread before it.
 */
#ifndef YAWL_RUNTIME_IMAGE_WORKER_LAYER_JOBS_H
#define YAWL_RUNTIME_IMAGE_WORKER_LAYER_JOBS_H

#include "runtime/image/worker/image_import.h"
#include "runtime/image/worker/image_staging.h"

struct layer_job {
    const struct import_layer *layer;
    const char *diff_id; /* "sha256:...": the layer's name in the store is its digits */
};

/* Unpacks all of them into the staging area and declares them whole. The first error ends the
 * others. */
MUST_CHECK int layer_jobs_run(const struct layer_job *jobs, size_t n_jobs,
                              const struct layer_opener *opener, struct image_staging *staging,
                              struct error *err);

#endif
