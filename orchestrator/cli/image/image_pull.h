/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pulls the images that a project needs: those whose step is PULL_STEP_PULL, each once, in one run
 * of the worker. A lock file's images are pulled by their digests.
 */
#ifndef YAWL_ORCHESTRATOR_CLI_IMAGE_IMAGE_PULL_H
#define YAWL_ORCHESTRATOR_CLI_IMAGE_IMAGE_PULL_H

#include "orchestrator/cli/image/image_needs.h"
#include "orchestrator/cli/image/transfer.h"
#include "orchestrator/cli/phases.h"
#include "orchestrator/cli/progress_mode.h"

struct image_pull_options {
    const char *data_root;
    struct progress_mode mode;
    enum severity severity; /* of what could not be pulled */
    bool may_build;         /* what could not be pulled and has a build gets PULL_STEP_BUILD */
    struct phases *phases;  /* gets each pull, or NULL */
};

/* Tells in the diagnostics what of the needs that are part of the transfer has failed, at the
 * places that ask for it. */
void image_needs_failed(const struct image_needs *needs, const struct transfer *transfer,
                        enum severity severity, struct diagnostics *diagnostics);

/* What could not be pulled is told in the diagnostics, at the place that asks for it. -1 only when
 * the worker could not be run. */
MUST_CHECK int image_pull(struct image_needs *needs, const struct image_pull_options *options,
                          struct diagnostics *diagnostics, bool *ret_interrupted,
                          struct error *err);

#endif
