/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/supervise/change.h"

#include "orchestrator/state/record.h"

static const struct existing *world_find(const struct world *world, const char *name)
{
    for (size_t i = 0; i < world->n_existing; i++)
        if (string_eq(world->existing[i].name, name))
            return &world->existing[i];
    return NULL;
}

/* Whether it is replaced although it is up to date. */
static bool request_forces(const struct request *request, const char *service)
{
    if (request->named.count == 0 || string_list_has(&request->named, service))
        return request->force_recreate || request->renew_volumes;
    return request->recreate_deps;
}

static bool is_running(const struct existing *have)
{
    return have->phase == PHASE_STARTING || have->phase == PHASE_RUNNING;
}

/* A job that ended well, and that nothing asks to run again: what it was made from is unchanged. */
static bool job_is_done(const struct plan_instance *wanted, const struct existing *have)
{
    return wanted->run_once && have->phase == PHASE_DONE && have->ended_well;
}

static void change_wanted(struct change *change, const struct plan_instance *wanted,
                          const struct existing *have, const struct request *request)
{
    change->name = wanted->name;
    change->service = wanted->service;
    if (!have || !have->made) {
        change->kind = CHANGE_CREATE;
        change->reason = REASON_NEW;
    } else if (request_forces(request, wanted->service)) {
        change->kind = CHANGE_RECREATE;
        change->reason = REASON_FORCED;
    } else if (!request->no_recreate && !string_eq(have->made->config_hash, wanted->config_hash)) {
        change->kind = CHANGE_RECREATE;
        change->reason = REASON_CONFIG;
    } else if (!request->no_start && !is_running(have) && !job_is_done(wanted, have)) {
        change->kind = CHANGE_START;
        change->reason = REASON_NOT_RUNNING;
    }
}

/* Replicas beyond the scale go; services that the plan does not name stay, unless orphans are to go
 * too. */
static void change_unwanted(struct change *change, const struct existing *have,
                            const struct request *request)
{
    bool orphan =
        have->oneoff ? have->phase >= PHASE_DONE : !string_list_has(&request->known, have->service);

    change->name = have->name;
    change->service = have->service;
    if (request->remove_orphans && orphan)
        change->reason = REASON_ORPHAN;
    else if (!have->oneoff && string_list_has(&request->services, have->service))
        change->reason = REASON_SURPLUS;
    if (change->reason)
        change->kind = CHANGE_REMOVE;
}

/* -- what follows from others' changes */

static bool is_recreated(const struct changes *changes, const struct change *besides,
                         const char *service)
{
    for (size_t i = 0; i < changes->count; i++)
        if (&changes->items[i] != besides && changes->items[i].kind == CHANGE_RECREATE &&
            string_eq(changes->items[i].service, service))
            return true;
    return false;
}

/* Dependents with `restart: true` are stopped before and started after. */
static void change_with_dependencies(struct change *change, const struct plan_instance *instance,
                                     const struct changes *changes)
{
    for (size_t i = 0; i < instance->n_dependencies; i++) {
        const struct plan_dependency *dependency = &instance->dependencies[i];

        if (!dependency->restart || !is_recreated(changes, change, dependency->service))
            continue;
        change->kind = CHANGE_RESTART;
        change->reason = REASON_DEPENDENCY;
        change->cause = dependency->service;
    }
}

static void change_with_networks(struct change *change, const struct plan_instance *made,
                                 const struct string_list *networks)
{
    for (size_t i = 0; i < made->n_endpoints; i++) {
        if (!string_list_has(networks, made->endpoints[i].network))
            continue;
        change->kind = CHANGE_RESTART;
        change->reason = REASON_NETWORK;
        change->cause = made->endpoints[i].network;
    }
}

/* What is replaced or started anyway needs no restart. */
static void change_with_others(struct change *change, const struct plan *plan,
                               const struct changes *changes, const struct world *world)
{
    const struct existing *have = world_find(world, change->name);
    const struct plan_instance *wanted = plan_find_instance(plan, change->name);

    if (change->kind != CHANGE_NONE || !have || !have->made)
        return;
    if (have->phase == PHASE_RUNNING && (wanted || have->wanted))
        change_with_dependencies(change, wanted ? wanted : have->made, changes);
    if (have->wanted && (is_running(have) || have->phase == PHASE_EXITED))
        change_with_networks(change, have->made, &world->networks);
}

struct changes changes_make(const struct plan *plan, const struct request *request,
                            const struct world *world, struct arena *arena)
{
    struct changes changes = {0};

    changes.items = arena_new_array(arena, struct change, plan->n_instances + world->n_existing);
    for (size_t i = 0; i < plan->n_instances; i++)
        change_wanted(&changes.items[changes.count++], &plan->instances[i],
                      world_find(world, plan->instances[i].name), request);
    for (size_t i = 0; i < world->n_existing; i++)
        if (!plan_find_instance(plan, world->existing[i].name))
            change_unwanted(&changes.items[changes.count++], &world->existing[i], request);
    for (size_t i = 0; i < changes.count; i++)
        change_with_others(&changes.items[i], plan, &changes, world);
    return changes;
}
