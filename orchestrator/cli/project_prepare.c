/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/project_prepare.h"

#include "orchestrator/cli/network_ask.h"

static bool is_complete(const struct project_images *images)
{
    for (size_t i = 0; i < images->needs.count; i++)
        if (images->needs.items[i].step != PULL_STEP_KEEP)
            return false;
    return true;
}

/* A first plan, where images are still missing, is for its errors only. */
static int plan_tried(struct session *session, const struct compose *compose,
                      const struct roots *roots, struct preparation *preparation,
                      struct plan **ret_plan, struct error *err)
{
    scoped(diagnostics_free) struct diagnostics *diagnostics = diagnostics_new();
    struct project_plan_options planning = preparation->planning;

    if (project_images_decide(session, compose, &preparation->images, diagnostics,
                              &preparation->found, err) < 0)
        return -1;
    planning.diagnostics = diagnostics;
    planning.dry = planning.dry || !is_complete(&preparation->found);
    if (project_plan(session, compose, roots, &planning, ret_plan, err) < 0)
        return -1;
    return session_report(diagnostics, err);
}

/* What the images brought; the warnings were told before. */
static int plan_made(struct session *session, const struct compose *compose,
                     const struct roots *roots, struct preparation *preparation,
                     struct plan **ret_plan, struct error *err)
{
    scoped(diagnostics_free) struct diagnostics *diagnostics = diagnostics_new();
    struct project_plan_options planning = preparation->planning;

    planning.diagnostics = diagnostics;
    if (project_plan(session, compose, roots, &planning, ret_plan, err) < 0)
        return -1;
    return *ret_plan ? 0 : session_report(diagnostics, err);
}

int project_prepare(struct session *session, const struct compose *compose,
                    const struct roots *roots, struct preparation *preparation,
                    struct plan **ret_plan, struct error *err)
{
    preparation->images.data_root = roots->data;
    if (networks_ask(roots, compose_project(compose), err) < 0)
        return -1;
    if (plan_tried(session, compose, roots, preparation, ret_plan, err) < 0)
        return -1;
    if (preparation->planning.dry || is_complete(&preparation->found))
        return 0;
    if (project_images_fetch(session, &preparation->found, &preparation->images,
                             &preparation->interrupted, err) < 0)
        return -1;
    if (preparation->interrupted)
        return 0;
    return plan_made(session, compose, roots, preparation, ret_plan, err);
}
