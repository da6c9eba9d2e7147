/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RUN: an ordinary container start, whose upper directory is the layer.
 *
 * What a container needs to be there before anything is mounted (/proc, /etc/hosts, targets of
 * mounts) lies in a layer below all others, so that nothing of it is ever written into the image.
 * Output goes to the report as it comes; its end is kept for the message of a failure.
 */
#ifndef YAWL_RUNTIME_BUILD_WORKER_RUN_STEP_H
#define YAWL_RUNTIME_BUILD_WORKER_RUN_STEP_H

#include "common/text.h"
#include "runtime/build/worker/build_report.h"
#include "runtime/build/worker/builder.h"

struct run_step {
    struct builder *builder;
    const struct build_request *request;
    const struct report_step *report;
    struct arena *arena;
    struct string_list layers; /* absolute, lowest first */
    struct string_list args, env;
    const char *cwd, *user;
    const char *network; /* NULL, "none" or "host" */
    bool insecure;
    bool interactive; /* joined to the terminal of the user, in place of a report */
    struct mount_spec *mounts;
    size_t n_mounts;
    const char *step_path; /* an empty directory; afterwards "upper" is what was written */
    int step_fd;
};

/* Runs it to its end. *ret_exit_code is the program's, or 128 and the signal's number; a program
 * that could not be started is an error. `tail` gets what was said last. */
MUST_CHECK int run_step(const struct run_step *step, int *ret_exit_code, struct text *tail,
                        struct error *err);

#endif
