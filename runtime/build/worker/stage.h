/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One stage of a Dockerfile while it is built: its instructions one after the other, each on the
 * layers that the ones before have made. Used by one thread.
 */
#ifndef YAWL_RUNTIME_BUILD_WORKER_STAGE_H
#define YAWL_RUNTIME_BUILD_WORKER_STAGE_H

#include "runtime/build/build_graph.h"
#include "runtime/build/evaluation.h"
#include "runtime/build/worker/build.h"
#include "runtime/build/worker/build_report.h"
#include "runtime/build/worker/image_draft.h"
#include "runtime/build/worker/source_list.h"
#include "runtime/rootfs.h"

struct stage_run {
    struct build *build;
    const struct stage_node *node;
    struct arena *arena;
    struct diagnostics *diagnostics;
    struct image_draft *draft;
    struct evaluation evaluation;
    size_t step, n_steps; /* those that are told of */
    const struct instruction *instruction;
};

/* Builds the stage; what it builds on is done. The result goes into the build. */
MUST_CHECK int stage_build(struct build *build, size_t index, struct error *err);

/* -- for its parts (stage_*.c) */

/* RUN. */
MUST_CHECK int stage_run_command(struct stage_run *run, const struct instruction *instruction,
                                 struct error *err);
/* COPY and ADD. */
MUST_CHECK int stage_copy(struct stage_run *run, const struct instruction *instruction,
                          struct error *err);
/* Whom new files are to belong to, as the image's own files say. A name alone has the user's own
 * group, a number alone is the group's too. */
struct copy_rules;
MUST_CHECK int stage_find_owner(struct stage_run *run, int root_fd, const char *owner,
                                struct copy_rules *rules, struct error *err);
/* WORKDIR. */
MUST_CHECK int stage_make_workdir(struct stage_run *run, const struct instruction *instruction,
                                  struct error *err);

/* A step that may be in the cache: begun with a hash that has the layers below in it. */
struct stage_step {
    struct stage_run *run;
    struct report_step report;
    const char *created_by;
    struct sha256 *hash; /* taken by stage_step_find() */
    char key[SHA256_HEX_SIZE];
    uint64_t began_ms;
};

void stage_step_begin(struct stage_run *run, struct stage_step *step, const char *created_by);
void stage_step_hash(struct stage_step *step, const char *text);
/* Whether the cache has it; then it is done. */
bool stage_step_find(struct stage_step *step, int *ret_result, struct error *err);
void stage_step_running(const struct stage_step *step);
/* Takes "upper" of the step's directory as its layer. */
MUST_CHECK int stage_step_finish(struct stage_step *step, int step_fd, struct error *err);
void stage_step_failed(const struct stage_step *step);

/* The root file system so far, to be written to: its upper directory is "upper" of the step's. */
struct stage_root {
    const char *step_path;
    int step_fd;
    struct rootfs *rootfs;
};
MUST_CHECK int stage_root_open(struct stage_run *run, struct stage_root *root, struct error *err);
/* Lets go of the mount: "upper" is whole then. */
void stage_root_unmount(struct stage_root *root);
/* And of the directory, with all that is in it. */
void stage_root_close(struct stage_root *root);

/* What COPY --from and mounts read from. */
struct stage_tree {
    struct source_tree tree;
    struct rootfs *rootfs; /* or NULL */
    int fd;                /* owned, or -1 */
};
/* `from` is the name as it stands in the file, or NULL: the context. */
MUST_CHECK int stage_tree_open(struct stage_run *run, const struct word *from,
                               struct stage_tree *ret_tree, struct error *err);
void stage_tree_close(struct stage_tree *tree);

#endif
