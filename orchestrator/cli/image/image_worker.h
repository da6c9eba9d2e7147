/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs yawl-image, the program that writes to the image store and talks to registries, so that its
 * libraries are not ours.
 *
 * It is found beside the running yawl; YAWL_IMAGE_WORKER names another one (not for a set-user-id
 * yawl). A worker that is followed ends with us: Ctrl-C and SIGTERM end it first, and it is waited
 * for.
 */
#ifndef YAWL_ORCHESTRATOR_CLI_IMAGE_IMAGE_WORKER_H
#define YAWL_ORCHESTRATOR_CLI_IMAGE_IMAGE_WORKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/error.h"
#include "common/text.h"

/* COMMAND --data-root DIR, to which options and operands are added. */
struct string_list image_worker_args(struct arena *arena, const char *command,
                                     const char *data_root);

/* Runs it with these arguments and our standard streams. *ret_exit_code is its own. */
MUST_CHECK int image_worker_run(struct string_list args, int *ret_exit_code, struct error *err);

/* Runs it and takes what it writes to its standard output, at most LIMIT_JSON_BYTES. */
MUST_CHECK int image_worker_ask(struct string_list args, struct text *ret_output,
                                int *ret_exit_code, struct error *err);

/* Who is told of a run. Lines come without their newline. */
struct image_worker_listener {
    /* Of its standard output; -1 ends the run. */
    int (*line)(void *owner, const char *line, size_t length, struct error *err);
    /* Of its standard error. */
    void (*complaint)(void *owner, const char *line);
    /* Ten times a second, and when the window has changed. */
    void (*tick)(void *owner);
    void *owner;
};

struct image_worker_end {
    int exit_code;
    bool interrupted; /* by a signal to us */
};

MUST_CHECK int image_worker_follow(struct string_list args,
                                   const struct image_worker_listener *listener,
                                   struct image_worker_end *ret_end, struct error *err);

#endif
