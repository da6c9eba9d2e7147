/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What ADD brings from elsewhere: files at addresses, and git repositories. All of it is fetched
 * before the cache can be asked, because its content is part of the key.
 */
#ifndef YAWL_RUNTIME_BUILD_WORKER_COPY_FETCH_H
#define YAWL_RUNTIME_BUILD_WORKER_COPY_FETCH_H

#include "runtime/build/worker/copy_writer.h"
#include "runtime/build/worker/stage.h"

struct copy_fetch {
    struct stage_run *run;
    const struct instruction *instruction;
    const struct copy_rules *rules;
    const char *path; /* a directory for files, or NULL */
    int fd;
    int *repository_fds;
    size_t n_repositories;
};

/* The rules are borrowed, and may still change. */
struct copy_fetch copy_fetch_init(struct stage_run *run, const struct instruction *instruction,
                                  const struct copy_rules *rules);
void copy_fetch_done(struct copy_fetch *fetch);

/* Whether the source is for this. */
bool copy_fetch_is(const struct copy_fetch *fetch, const struct word *source);

/* Fetches one and adds what it is to the key. */
MUST_CHECK int copy_fetch_add(struct copy_fetch *fetch, const struct word *source,
                              struct stage_step *step, struct error *err);

/* Writes all; nothing is unpacked. */
MUST_CHECK int copy_fetch_write(const struct copy_fetch *fetch, int root_fd, struct error *err);

#endif
