/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RUN --mount: directories and files that a step sees and that leave no trace in its layer.
 *
 * All of it was written by whoever made the Dockerfile: targets are resolved in the image, sources
 * in the tree that they are of, ids of caches become names of their digest. Secrets lie in memory
 * and are in no key.
 */
#ifndef YAWL_RUNTIME_BUILD_WORKER_STEP_MOUNTS_H
#define YAWL_RUNTIME_BUILD_WORKER_STEP_MOUNTS_H

#include "runtime/build/worker/run_step.h"
#include "runtime/build/worker/stage.h"

/* Where a here-document that begins with #! is run. */
#define STEP_SCRIPT "/dev/pipes/EOF"

enum { STEP_MOUNTS_MOST = 64 };

struct step_mounts {
    struct stage_run *run;
    const struct build_mount *mounts;
    size_t n_mounts;
    const char *script;
    int lock_fds[STEP_MOUNTS_MOST]; /* of caches, for as long as they are used */
    size_t n_locks;
    struct string_list trash; /* paths that go when the step has ended */
    struct ssh_relay *relays[STEP_MOUNTS_MOST];
    size_t n_relays;
};

/* Checks them. */
MUST_CHECK int step_mounts_read(struct stage_run *run, const struct instruction *instruction,
                                const char *script, struct step_mounts *ret_mounts,
                                struct error *err);

/* Adds what they are, and the content of what they bind, to the key. */
MUST_CHECK int step_mounts_hash(const struct step_mounts *mounts, struct stage_step *step,
                                struct error *err);

/* Makes the sources and adds mounts and variables to the step. step_mounts_close() ends it, also
 * after an error. */
MUST_CHECK int step_mounts_open(struct step_mounts *mounts, struct run_step *step,
                                struct error *err);
void step_mounts_close(struct step_mounts *mounts);

#endif
