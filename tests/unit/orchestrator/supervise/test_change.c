/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/supervise/change.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "orchestrator/state/record.h"

static const char *known_names[] = {"a", "b"};
static struct endpoint_spec endpoint = {.network = "front"};
static struct plan_dependency on_a = {.service = "a", .restart = true, .required = true};

static struct plan_instance made_of(const char *name, const char *service, const char *hash)
{
    return (struct plan_instance){.name = name, .service = service, .config_hash = hash};
}

static struct existing running(const struct plan_instance *made)
{
    return (struct existing){.name = made->name,
                             .service = made->service,
                             .phase = PHASE_RUNNING,
                             .made = made,
                             .wanted = true};
}

static struct request request_for_all(void)
{
    const struct string_list all = {known_names, 2};

    return (struct request){.command = "apply", .services = all, .known = all};
}

/* The change of the first container when `wanted` is planned and `have` exists, or NULL. */
static struct change change_of(struct plan_instance *wanted, const struct existing *have,
                               const struct request *request)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct plan plan = {.instances = wanted, .n_instances = wanted ? 1 : 0};
    struct world world = {.existing = have, .n_existing = have ? 1 : 0};

    return changes_make(&plan, request, &world, arena).items[0];
}

Test(change, what_is_not_there_is_created)
{
    struct plan_instance wanted = made_of("p-a-1", "a", "1");
    struct request request = request_for_all();

    cr_expect(eq(int, change_of(&wanted, NULL, &request).kind, CHANGE_CREATE));
}

Test(change, what_runs_as_planned_is_left_alone)
{
    struct plan_instance wanted = made_of("p-a-1", "a", "1");
    struct existing have = running(&wanted);
    struct request request = request_for_all();

    cr_expect(eq(int, change_of(&wanted, &have, &request).kind, CHANGE_NONE));
}

Test(change, another_configuration_recreates)
{
    struct plan_instance wanted = made_of("p-a-1", "a", "2"), made = made_of("p-a-1", "a", "1");
    struct existing have = running(&made);
    struct request request = request_for_all();

    cr_expect(eq(int, change_of(&wanted, &have, &request).reason, REASON_CONFIG));
    request.no_recreate = true;
    cr_expect(eq(int, change_of(&wanted, &have, &request).kind, CHANGE_NONE));
}

Test(change, what_is_forced_is_recreated_although_it_is_up_to_date)
{
    struct plan_instance wanted = made_of("p-a-1", "a", "1");
    struct existing have = running(&wanted);
    struct request request = request_for_all();

    request.force_recreate = true;
    cr_expect(eq(int, change_of(&wanted, &have, &request).reason, REASON_FORCED));
}

Test(change, what_the_user_did_not_name_is_forced_with_always_recreate_deps_only)
{
    struct plan_instance wanted = made_of("p-a-1", "a", "1");
    struct existing have = running(&wanted);
    struct request request = request_for_all();

    request.named = (struct string_list){&known_names[1], 1};
    request.force_recreate = true;
    cr_expect(eq(int, change_of(&wanted, &have, &request).kind, CHANGE_NONE));
    request.recreate_deps = true;
    cr_expect(eq(int, change_of(&wanted, &have, &request).kind, CHANGE_RECREATE));
}

Test(change, what_has_ended_is_started_but_for_a_job_that_is_done)
{
    struct plan_instance wanted = made_of("p-a-1", "a", "1");
    struct existing have = running(&wanted);
    struct request request = request_for_all();

    have.phase = PHASE_DONE;
    have.ended_well = true;
    cr_expect(eq(int, change_of(&wanted, &have, &request).kind, CHANGE_START));
    wanted.run_once = true;
    cr_expect(eq(int, change_of(&wanted, &have, &request).kind, CHANGE_NONE));
}

Test(change, with_no_start_nothing_is_started)
{
    struct plan_instance wanted = made_of("p-a-1", "a", "1");
    struct existing have = running(&wanted);
    struct request request = request_for_all();

    have.phase = PHASE_CREATED;
    request.no_start = true;
    cr_expect(eq(int, change_of(&wanted, &have, &request).kind, CHANGE_NONE));
}

Test(change, a_replica_too_many_is_removed)
{
    struct plan_instance made = made_of("p-a-2", "a", "1");
    struct existing have = running(&made);
    struct request request = request_for_all();

    cr_expect(eq(int, change_of(NULL, &have, &request).reason, REASON_SURPLUS));
}

Test(change, an_orphan_is_removed_when_that_is_asked_for)
{
    struct plan_instance made = made_of("p-old-1", "old", "1");
    struct existing have = running(&made);
    struct request request = request_for_all();

    cr_expect(eq(int, change_of(NULL, &have, &request).kind, CHANGE_NONE));
    request.remove_orphans = true;
    cr_expect(eq(int, change_of(NULL, &have, &request).reason, REASON_ORPHAN));
}

Test(change, what_is_attached_to_a_changed_network_restarts)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct plan_instance wanted = made_of("p-a-1", "a", "1");
    struct plan plan = {.instances = &wanted, .n_instances = 1};
    const char *networks[] = {"front"};
    struct request request = request_for_all();
    struct existing have;
    struct world world = {&have, 1, {networks, 1}};

    wanted.endpoints = &endpoint;
    wanted.n_endpoints = 1;
    have = running(&wanted);
    cr_expect(
        eq(int, changes_make(&plan, &request, &world, arena).items[0].reason, REASON_NETWORK));
}

Test(change, a_dependent_with_restart_restarts_when_its_dependency_is_recreated)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct plan_instance wanted[] = {made_of("p-a-1", "a", "2"), made_of("p-b-1", "b", "1")};
    struct plan_instance made = made_of("p-a-1", "a", "1");
    struct plan plan = {.instances = wanted, .n_instances = 2};
    struct request request = request_for_all();
    struct existing have[2];
    struct world world = {.existing = have, .n_existing = 2};
    struct changes changes;

    wanted[1].dependencies = &on_a;
    wanted[1].n_dependencies = 1;
    have[0] = running(&made);
    have[1] = running(&wanted[1]);
    changes = changes_make(&plan, &request, &world, arena);
    cr_expect(eq(int, changes.items[1].kind, CHANGE_RESTART));
    cr_expect_str_eq(changes.items[1].cause, "a");
}
