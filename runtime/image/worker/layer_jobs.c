/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/worker/layer_jobs.h"

#include <stdatomic.h>

#include "runtime/image/worker/parallel.h"

struct layer_jobs {
    struct layer_job *jobs;
    const struct layer_opener *opener;
    struct image_staging *staging;
    atomic_bool failed; /* ends the others at their next piece */
};

static int run_job(void *owner, size_t index, struct error *err)
{
    struct layer_jobs *run = owner;
    struct layer_job *job = &run->jobs[index];
    struct byte_source *source = run->opener->open(run->opener->owner, job->layer, err);

    job->intake.cancelled = &run->failed;
    if (!source || layer_intake_run(&job->intake, source, run->staging, &job->taken, err) < 0)
        return error_wrap(err, "layer '%s'", job->layer->name);
    return 0;
}

int layer_jobs_run(struct layer_job *jobs, size_t n_jobs, const struct layer_opener *opener,
                   struct image_staging *staging, struct error *err)
{
    struct layer_jobs run = {.jobs = jobs, .opener = opener, .staging = staging};
    const struct parallel_work work = {.run = run_job,
                                       .owner = &run,
                                       .count = n_jobs,
                                       .max_threads = parallel_cores(),
                                       .failed = &run.failed};

    return parallel_run(&work, err);
}
