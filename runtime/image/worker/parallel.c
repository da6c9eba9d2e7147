/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/worker/parallel.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

enum { MAX_THREADS = 16 };

struct parallel {
    const struct parallel_work *work;
    atomic_size_t next;
    atomic_bool failed;
    pthread_mutex_t mutex;
    struct error err; /* of the first that failed; under the mutex */
};

static void keep_first_error(struct parallel *parallel, const struct error *err)
{
    (void)pthread_mutex_lock(&parallel->mutex);
    if (!atomic_exchange(&parallel->failed, true)) {
        parallel->err = *err;
        if (parallel->work->failed)
            atomic_store(parallel->work->failed, true);
    }
    (void)pthread_mutex_unlock(&parallel->mutex);
}

static void *run_items(void *owner)
{
    struct parallel *parallel = owner;

    for (;;) {
        size_t at = atomic_fetch_add(&parallel->next, 1);
        struct error err = {0};

        if (at >= parallel->work->count || atomic_load(&parallel->failed))
            return NULL;
        if (parallel->work->run(parallel->work->owner, at, &err) < 0)
            keep_first_error(parallel, &err);
    }
}

size_t parallel_cores(void)
{
    long n_cores = sysconf(_SC_NPROCESSORS_ONLN);

    if (n_cores < 1)
        return 1;
    return n_cores > MAX_THREADS ? MAX_THREADS : (size_t)n_cores;
}

/* This thread works too, so that it goes on when no other can be had. */
static void run_threads(struct parallel *parallel)
{
    size_t wanted = parallel->work->max_threads;
    pthread_t threads[MAX_THREADS];
    size_t n_threads = 0;

    if (wanted > parallel->work->count)
        wanted = parallel->work->count;
    if (wanted > MAX_THREADS)
        wanted = MAX_THREADS;
    while (n_threads + 1 < wanted &&
           pthread_create(&threads[n_threads], NULL, run_items, parallel) == 0)
        n_threads++;
    (void)run_items(parallel);
    for (size_t i = 0; i < n_threads; i++)
        (void)pthread_join(threads[i], NULL);
}

int parallel_run(const struct parallel_work *work, struct error *err)
{
    struct parallel parallel = {.work = work};

    if (pthread_mutex_init(&parallel.mutex, NULL) != 0)
        abort();
    run_threads(&parallel);
    (void)pthread_mutex_destroy(&parallel.mutex);
    if (!parallel.failed)
        return 0;
    if (err)
        *err = parallel.err;
    return -1;
}
