/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pulls or pushes images: one run of the worker for all of them, with its progress shown.
 */
#ifndef YAWL_ORCHESTRATOR_CLI_IMAGE_IMAGE_TRANSFER_H
#define YAWL_ORCHESTRATOR_CLI_IMAGE_IMAGE_TRANSFER_H

#include "orchestrator/cli/image/transfer.h"
#include "orchestrator/cli/progress_mode.h"

/* The item that the worker's `pull` is given: "REF,platform=linux/arm64,digest=sha256:...".
 * platform and digest may be NULL. */
const char *image_transfer_item(struct arena *arena, const char *reference, const char *platform,
                                const char *digest);

/* Runs the worker's `pull` or `push` with the items, which are about the transfer's images. How
 * each came out is in the transfer; -1 when the worker could not be run to its end. A run that a
 * signal has ended sets *ret_interrupted, and what was not finished has failed. */
MUST_CHECK int image_transfer_run(struct transfer *transfer, struct string_list items,
                                  const char *data_root, struct progress_mode mode,
                                  bool *ret_interrupted, struct error *err);

#endif
