/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Before a project is planned: everything that can be known to be wrong with it is told, and then
 * the images that it lacks are pulled, all at once, and built.
 */
#ifndef YAWL_ORCHESTRATOR_CLI_IMAGE_PROJECT_IMAGES_H
#define YAWL_ORCHESTRATOR_CLI_IMAGE_PROJECT_IMAGES_H

#include "orchestrator/cli/command.h"

struct project_images_options {
    const char *pull; /* --pull, or NULL */
    const char *data_root;
    bool quiet;           /* no progress */
    bool build, no_build; /* all that can be built; nothing, even what is missing */
    bool frozen, no_lock; /* of compose.lock */
    bool look_only;       /* nothing is pulled or built */
    /* Or NULL: get the references that are, or would be, pulled and built. */
    struct string_list *pulls, *builds;
};

/* Reports what the project asks for and does not get (compose_report_support), looks for its
 * images, pulls them, and builds what has a build and is missing, or what is to be built anyway. On
 * -1 with an empty error text the reasons were printed. *ret_interrupted: a signal has ended the
 * pull, and the command is to end. */
MUST_CHECK int project_images_prepare(struct session *session, const struct compose *compose,
                                      const struct project_images_options *options,
                                      bool *ret_interrupted, struct error *err);

#endif
