/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/worker/layer_jobs.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "common/fd.h"
#include "runtime/image/image_digest.h"
#include "runtime/image/image_limits.h"
#include "runtime/image/worker/checked_source.h"
#include "runtime/image/worker/inflated_source.h"
#include "runtime/image/worker/layer_unpack.h"
#include "runtime/image/worker/read_ahead.h"

enum { MAX_WORKERS = 16 };

struct layer_jobs {
    const struct layer_job *jobs;
    size_t n_jobs;
    const struct layer_opener *opener;
    struct image_staging *staging;
    atomic_size_t next;
    atomic_bool failed;
    pthread_mutex_t mutex;
    struct error err; /* of the first that failed; under the mutex */
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

static int run_job(struct layer_jobs *run, const struct layer_job *job, struct error *err)
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

static void keep_first_error(struct layer_jobs *run, const struct error *err)
{
    (void)pthread_mutex_lock(&run->mutex);
    if (!atomic_exchange(&run->failed, true))
        run->err = *err;
    (void)pthread_mutex_unlock(&run->mutex);
}

static void *work(void *owner)
{
    struct layer_jobs *run = owner;

    for (;;) {
        size_t at = atomic_fetch_add(&run->next, 1);
        struct error err = {0};

        if (at >= run->n_jobs || atomic_load(&run->failed))
            return NULL;
        if (run_job(run, &run->jobs[at], &err) < 0) {
            error_wrap(&err, "layer '%s'", run->jobs[at].layer->name);
            keep_first_error(run, &err);
        }
    }
}

/* This thread works too, so that it goes on when no other can be had. */
static void run_workers(struct layer_jobs *run)
{
    long n_cores = sysconf(_SC_NPROCESSORS_ONLN);
    size_t wanted = n_cores > 1 ? (size_t)n_cores : 1;
    pthread_t threads[MAX_WORKERS];
    size_t n_threads = 0;

    if (wanted > run->n_jobs)
        wanted = run->n_jobs;
    if (wanted > MAX_WORKERS)
        wanted = MAX_WORKERS;
    while (n_threads + 1 < wanted && pthread_create(&threads[n_threads], NULL, work, run) == 0)
        n_threads++;
    (void)work(run);
    for (size_t i = 0; i < n_threads; i++)
        (void)pthread_join(threads[i], NULL);
}

int layer_jobs_run(const struct layer_job *jobs, size_t n_jobs, const struct layer_opener *opener,
                   struct image_staging *staging, struct error *err)
{
    struct layer_jobs run = {.jobs = jobs, .n_jobs = n_jobs, .opener = opener, .staging = staging};

    if (pthread_mutex_init(&run.mutex, NULL) != 0)
        abort();
    run_workers(&run);
    (void)pthread_mutex_destroy(&run.mutex);
    if (run.failed) {
        if (err)
            *err = run.err;
        return -1;
    }
    for (size_t i = 0; i < n_jobs; i++) {
        if (image_staging_keep_layer(staging, image_digest_hex(jobs[i].diff_id), err) < 0)
            return -1;
    }
    return 0;
}
