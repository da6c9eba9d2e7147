/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One of yawl's own commands, run beside: it takes its time while everything else goes on.
 */
#ifndef YAWL_ORCHESTRATOR_CLI_WATCH_WATCH_JOB_H
#define YAWL_ORCHESTRATOR_CLI_WATCH_WATCH_JOB_H

#include "common/arena.h"
#include "common/error.h"
#include "common/loop.h"

struct watch_job;

/* Runs this program with these arguments (without its own name), our output and no input. `done` is
 * called with its exit code once it has ended, and may free the job, which is the caller's. */
MUST_CHECK int watch_job_start(struct loop *loop, const struct string_list *arguments,
                               void (*done)(void *owner, int exit_code), void *owner,
                               struct watch_job **ret_job, struct error *err);

/* One that still runs is ended first. */
void watch_job_free(struct watch_job *job);

#endif
