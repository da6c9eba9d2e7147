/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From loaded Compose files to a plan whose images are all here. Everything that can be known to be
 * wrong is told in one report before anything is pulled or built; nothing is left behind then.
 */
#ifndef YAWL_ORCHESTRATOR_CLI_PROJECT_PREPARE_H
#define YAWL_ORCHESTRATOR_CLI_PROJECT_PREPARE_H

#include "orchestrator/cli/image/project_images.h"
#include "orchestrator/cli/project_plan.h"

struct preparation {
    struct project_images_options images;
    struct project_plan_options planning; /* `dry` of it: nothing is fetched either */
    bool interrupted;                     /* set: a signal has ended it, and there is no plan */
    struct project_images found;          /* set: what is, or would be, fetched */
};

/* On -1 with an empty error text the reasons were printed. */
MUST_CHECK int project_prepare(struct session *session, const struct compose *compose,
                               const struct roots *roots, struct preparation *preparation,
                               struct plan **ret_plan, struct error *err);

#endif
