/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs yawl-image, the program that writes to the image store, so that its libraries are not ours.
 */
#ifndef YAWL_ORCHESTRATOR_CLI_IMAGE_WORKER_H
#define YAWL_ORCHESTRATOR_CLI_IMAGE_WORKER_H

#include "common/arena.h"
#include "common/error.h"

/* Runs it with these arguments and our standard streams. *ret_exit_code is its own. */
MUST_CHECK int image_worker_run(struct string_list args, int *ret_exit_code, struct error *err);

#endif
