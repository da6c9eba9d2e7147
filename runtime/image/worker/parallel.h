/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Does several like things at a time, each in a thread, and returns when all are done.
 */
#ifndef YAWL_RUNTIME_IMAGE_WORKER_PARALLEL_H
#define YAWL_RUNTIME_IMAGE_WORKER_PARALLEL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"

struct parallel_work {
    /* Does item `index`. Called from several threads. */
    int (*run)(void *owner, size_t index, struct error *err);
    void *owner;
    size_t count;
    size_t max_threads;  /* the caller's thread included */
    atomic_bool *failed; /* becomes true with the first error, for items that can stop; or NULL */
};

/* One thread for each core, at most a few: what keeps the processor busy. */
size_t parallel_cores(void);

/* Items begin in order. The first that fails ends the run: what has begun is finished, nothing else
 * begins, and its error is returned. */
MUST_CHECK int parallel_run(const struct parallel_work *work, struct error *err);

#endif
