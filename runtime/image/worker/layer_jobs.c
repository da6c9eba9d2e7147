/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/worker/layer_jobs.h"

#include <stdatomic.h>

#include "common/fd.h"
#include "runtime/image/image_digest.h"
#include "runtime/image/image_limits.h"
#include "runtime/image/worker/checked_source.h"
#include "runtime/image/worker/inflated_source.h"
#include "runtime/image/worker/layer_unpack.h"
#include "runtime/image/worker/parallel.h"
#include "runtime/image/worker/read_ahead.h"

struct layer_jobs {
    const struct layer_job *jobs;
    const struct layer_opener *opener;
    struct image_staging *staging;
    atomic_bool failed; /* ends the others at their next piece */
};

/* The stack of sources that ends in the layer's tar. */
static struct byte_source *open_tar(struct layer_jobs *run, const struct layer_job *job,
                                    struct error *err)
{
    const struct checked_source_spec packed = {.digest = job->layer->digest,
                                               .size = job->layer->size,
                                               .limit_bytes = LIMIT_LAYER_BYTES,
                                               .cancelled = &run->failed};
    const struct checked_source_spec plain = {
        .digest = job->diff_id, .size = -1, .limit_bytes = LIMIT_LAYER_BYTES};
    struct byte_source *source = run->opener->open(run->opener->owner, job->layer, err);

    if (!source)
        return NULL;
    source = inflated_source_new(checked_source_new(source, &packed), err);
    if (!source)
        return NULL;
    return checked_source_new(read_ahead_new(source), &plain);
}

static int unpack_job(struct layer_jobs *run, const struct layer_job *job, struct error *err)
{
    scoped(byte_source_free) struct byte_source *tar = NULL;
    scoped_fd int layer_fd = -1;

    if (image_staging_make_layer(run->staging, image_digest_hex(job->diff_id), &layer_fd, err) < 0)
        return -1;
    tar = open_tar(run, job, err);
    if (!tar)
        return -1;
    return layer_unpack(tar, layer_fd, err);
}

static int run_job(void *owner, size_t index, struct error *err)
{
    struct layer_jobs *run = owner;
    const struct layer_job *job = &run->jobs[index];

    if (unpack_job(run, job, err) < 0)
        return error_wrap(err, "layer '%s'", job->layer->name);
    return 0;
}

int layer_jobs_run(const struct layer_job *jobs, size_t n_jobs, const struct layer_opener *opener,
                   struct image_staging *staging, struct error *err)
{
    struct layer_jobs run = {.jobs = jobs, .opener = opener, .staging = staging};
    const struct parallel_work work = {.run = run_job,
                                       .owner = &run,
                                       .count = n_jobs,
                                       .max_threads = parallel_cores(),
                                       .failed = &run.failed};

    if (parallel_run(&work, err) < 0)
        return -1;
    for (size_t i = 0; i < n_jobs; i++) {
        if (image_staging_keep_layer(staging, image_digest_hex(jobs[i].diff_id), err) < 0)
            return -1;
    }
    return 0;
}
