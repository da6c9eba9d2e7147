/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What all builds of a run share: the store, the layers in the making, the network, and a directory
 * of its own for everything that does not outlast it. Used by several threads at once.
 */
#ifndef YAWL_RUNTIME_BUILD_WORKER_BUILDER_H
#define YAWL_RUNTIME_BUILD_WORKER_BUILDER_H

#include <stdatomic.h>
#include <sys/types.h>

#include "runtime/build/build_request.h"
#include "runtime/build/worker/build_network.h"
#include "runtime/build/worker/digest_memo.h"
#include "runtime/build/worker/layer_pool.h"
#include "runtime/image/worker/step_cache.h"

struct builder {
    const struct build_order *order;
    const char *data_root; /* absolute, without links */
    struct image_store *store;
    struct layer_pool *pool;
    struct step_cache *cache;
    struct digest_memo *memo;
    struct build_network *network;
    const char *work_path; /* on the store's file system, so that layers can be renamed */
    int work_fd;
    const char *run_path; /* in memory, for secrets */
    int run_fd;
    int stop_fd; /* a signalfd: readable when the run is to end */
    const char *cgroup_parent;
    atomic_uint n_steps, n_directories;
    atomic_flag had_shell; /* there is one terminal: the first step that fails has it */
};

struct builder_options {
    const char *data_root;
    const struct build_order *order;
};

struct builder *builder_new(const struct builder_options *options, struct error *err);
/* Nothing of the run is left behind, but what was committed. */
void builder_free(struct builder *builder);
DEFINE_SCOPED(struct builder *, builder_free)

/* Whether the run is to end. */
bool builder_is_stopped(const struct builder *builder);

/* While a container runs there is a note of it, so that a later run ends what a killed one has left
 * behind. `pid` is its process 1, 0 while there is none. */
MUST_CHECK int builder_note_container(struct builder *builder, const char *id, pid_t pid,
                                      struct error *err);
void builder_forget_container(struct builder *builder, const char *id);

/* A new directory in the working directory; the name in the arena. */
MUST_CHECK int builder_make_directory(struct builder *builder, struct arena *arena,
                                      const char **ret_path, int *ret_fd, struct error *err);

#endif
