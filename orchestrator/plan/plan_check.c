/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/plan/plan_check.h"

#include "common/text.h"

static const struct plan_instance *instance_of_service(const struct plan *plan, const char *service)
{
    for (size_t i = 0; i < plan->n_instances; i++)
        if (string_eq(plan->instances[i].service, service) && !plan->instances[i].hook &&
            !plan->instances[i].oneoff)
            return &plan->instances[i];
    return NULL;
}

static void check_wait(const struct service *service, const struct dependency *dependency,
                       const struct plan_instance *target, struct diagnostics *diagnostics)
{
    scoped_text struct text path = {0};

    text_appendf(&path, "services.%s.depends_on.%s", service->name, dependency->service);
    if (dependency->condition == CONDITION_HEALTHY && target->health.args.count == 0)
        diagnostics_error(diagnostics, dependency->at, text_get(&path),
                          "waits for '%s' to be healthy, which has no healthcheck",
                          dependency->service);
    if (dependency->condition == CONDITION_COMPLETED &&
        (target->restart == RESTART_ALWAYS || target->restart == RESTART_UNLESS_STOPPED))
        diagnostics_error(diagnostics, dependency->at, text_get(&path),
                          "waits for '%s' to complete, which is always restarted",
                          dependency->service);
}

void plan_check_waits(const struct plan *plan, const struct project *project,
                      struct diagnostics *diagnostics)
{
    for (size_t i = 0; i < project->n_services; i++) {
        const struct service *service = &project->services[i];

        for (size_t j = 0; j < service->n_depends_on; j++) {
            const struct dependency *dependency = &service->depends_on[j];
            const struct plan_instance *target = instance_of_service(plan, dependency->service);

            if (target && dependency->required)
                check_wait(service, dependency, target, diagnostics);
        }
    }
}
