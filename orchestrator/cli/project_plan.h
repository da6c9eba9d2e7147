/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From loaded Compose files to a plan that can be carried out: finds the images, makes the plan,
 * and looks at the host before anything is started (host_check.h).
 */
#ifndef YAWL_ORCHESTRATOR_CLI_PROJECT_PLAN_H
#define YAWL_ORCHESTRATOR_CLI_PROJECT_PLAN_H

#include "orchestrator/cli/command.h"
#include "orchestrator/plan/plan_make.h"

/* What the command line changes of the plan. */
struct project_plan_options {
    const struct plan_scale *scales;
    size_t n_scales;
    bool no_deps;
    const struct plan_oneoff *oneoff;
    bool dry; /* nothing is changed on this machine; images may be missing */
    struct diagnostics *diagnostics;
};

/* The plan lives in the session's arena; NULL when the diagnostics have errors. */
MUST_CHECK int project_plan(struct session *session, const struct compose *compose,
                            const struct roots *roots, const struct project_plan_options *given,
                            struct plan **ret_plan, struct error *err);

/* Writes the plan into a file for the request (request.h), in memory. *ret_fd is the caller's. */
MUST_CHECK int plan_file_make(const struct plan *plan, int *ret_fd, struct error *err);

#endif
