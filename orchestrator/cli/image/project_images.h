/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The images of a project on the way to being up: what is to be done about each is decided first,
 * when nothing has happened yet; then those that it lacks are pulled, all at once, and built.
 */
#ifndef YAWL_ORCHESTRATOR_CLI_IMAGE_PROJECT_IMAGES_H
#define YAWL_ORCHESTRATOR_CLI_IMAGE_PROJECT_IMAGES_H

#include "orchestrator/cli/command.h"
#include "orchestrator/cli/image/image_needs.h"
#include "orchestrator/cli/phases.h"

struct project_images_options {
    const char *pull; /* --pull, or NULL */
    const char *data_root;
    bool quiet;            /* no progress */
    bool build, no_build;  /* all that can be built; nothing, even what is missing */
    bool frozen, no_lock;  /* of compose.lock */
    struct phases *phases; /* gets each pull, and the build; or NULL */
};

struct project_images {
    const struct project *project;
    struct image_needs needs;
    struct string_list pulls, builds; /* references, each once */
};

/* Puts into the diagnostics what the project asks for and does not get (compose_report_support) and
 * the images that must not be had. In the session's arena. */
MUST_CHECK int project_images_decide(struct session *session, const struct compose *compose,
                                     const struct project_images_options *options,
                                     struct diagnostics *diagnostics,
                                     struct project_images *ret_images, struct error *err);

/* Pulls, and builds what has a build and is missing, or what is to be built anyway. On -1 with an
 * empty error text the reasons were printed. *ret_interrupted: a signal has ended it, and the
 * command is to end. */
MUST_CHECK int project_images_fetch(struct session *session, struct project_images *images,
                                    const struct project_images_options *options,
                                    bool *ret_interrupted, struct error *err);

#endif
