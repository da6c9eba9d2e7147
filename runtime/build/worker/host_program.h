/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program of this machine that a build makes use of, as git, run to its end. It is never one of
 * an image.
 */
#ifndef YAWL_RUNTIME_BUILD_WORKER_HOST_PROGRAM_H
#define YAWL_RUNTIME_BUILD_WORKER_HOST_PROGRAM_H

#include "common/arena.h"
#include "common/error.h"

struct host_program {
    struct string_list args;        /* args[0] is looked up in PATH */
    struct string_list environment; /* beside ours: "NAME=value", or "NAME", which it has not */
    int stop_fd;                    /* readable: it is to end */
};

/* What it says goes nowhere, but into the error when it does not end with 0. */
MUST_CHECK int host_program_run(const struct host_program *program, struct error *err);

#endif
