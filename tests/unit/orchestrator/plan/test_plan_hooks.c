/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>

#include "orchestrator/plan/plan_make.h"

enum { N_HOOKS = 3 };

struct fixture {
    struct arena *arena;
    struct diagnostics *diagnostics;
    struct image_config config, other;
    struct plan_image image;
    struct plan_side_image side;
    struct hook hooks[N_HOOKS];
    struct service service;
    struct project project;
    struct plan_options options;
};

static struct command command_of(struct arena *arena, const char *word)
{
    struct command command = {.given = true};

    string_list_add(arena, &command.words, word);
    return command;
}

/* "a" with a hook for all, one for all from another image, and one for each. */
static void fixture_init(struct fixture *fixture)
{
    struct arena *arena = arena_new();

    *fixture = (struct fixture){.arena = arena, .diagnostics = diagnostics_new()};
    fixture->config.digest = "sha256:1";
    string_list_add(arena, &fixture->config.command, "default");
    string_list_add(arena, &fixture->config.volumes, "/data");
    fixture->other.digest = "sha256:2";
    string_list_add(arena, &fixture->other.entrypoint, "/entry");
    string_list_add(arena, &fixture->other.volumes, "/elsewhere");
    fixture->image = (struct plan_image){
        .service = "a", .reference = "img", .config = &fixture->config, .config_hash = "h"};
    fixture->side =
        (struct plan_side_image){.service = "a", .reference = "tools", .config = &fixture->other};
    fixture->hooks[0] = (struct hook){.command = command_of(arena, "first"), .user = "root"};
    fixture->hooks[1] = (struct hook){.command = command_of(arena, "second"), .image = "tools"};
    fixture->hooks[2] = (struct hook){.command = command_of(arena, "third"), .per_replica = true};
    fixture->service = (struct service){.name = "a",
                                        .image = "img",
                                        .user = "app",
                                        .scale = 2,
                                        .attach = true,
                                        .restart = "always",
                                        .pre_start = fixture->hooks,
                                        .n_pre_start = N_HOOKS};
    fixture->project = (struct project){
        .name = "p", .separator = "-", .services = &fixture->service, .n_services = 1};
    fixture->options = (struct plan_options){.data_root = "/data",
                                             .project_data = "/data/projects/p",
                                             .project_run = "/run/projects/p",
                                             .images = &fixture->image,
                                             .n_images = 1,
                                             .side_images = &fixture->side,
                                             .n_side_images = 1};
}

static void fixture_done(struct fixture *fixture)
{
    diagnostics_free(fixture->diagnostics);
    arena_free(fixture->arena);
}

static const struct plan *fixture_plan(struct fixture *fixture)
{
    const struct plan *plan =
        plan_make(&fixture->project, &fixture->options, fixture->arena, fixture->diagnostics);

    cr_assert_not_null(plan, "%s",
                       diagnostics_length(fixture->diagnostics) > 0
                           ? diagnostics_get(fixture->diagnostics, 0)->message
                           : "");
    return plan;
}

static const struct plan_instance *found(const struct plan *plan, const char *name)
{
    const struct plan_instance *instance = plan_find_instance(plan, name);

    cr_assert_not_null(instance, "there is no '%s'", name);
    return instance;
}

/* The containers that it waits for, " "-separated, in their order. */
static const char *waits(struct fixture *fixture, const struct plan_instance *instance)
{
    const char *all = "";

    for (size_t i = 0; i < instance->n_dependencies; i++)
        if (instance->dependencies[i].by_name)
            all = arena_printf(fixture->arena, "%s%s ", all, instance->dependencies[i].service);
    return all;
}

Test(plan_hooks, are_containers_of_their_own_that_replicas_wait_for)
{
    struct fixture fixture;
    const struct plan *plan;

    fixture_init(&fixture);
    plan = fixture_plan(&fixture);
    cr_expect_eq(plan->n_instances, 6);
    cr_expect_str_eq(waits(&fixture, found(plan, "p-a.pre_start.1")), "");
    cr_expect_str_eq(waits(&fixture, found(plan, "p-a.pre_start.2")), "p-a.pre_start.1 ");
    cr_expect_str_eq(waits(&fixture, found(plan, "p-a-2.pre_start.3")),
                     "p-a.pre_start.1 p-a.pre_start.2 ");
    cr_expect_str_eq(waits(&fixture, found(plan, "p-a-2")),
                     "p-a.pre_start.1 p-a.pre_start.2 p-a-2.pre_start.3 ");
    fixture_done(&fixture);
}

Test(plan_hooks, for_all_wait_for_those_of_every_replica_before_them)
{
    struct fixture fixture;
    const struct plan *plan;

    fixture_init(&fixture);
    fixture.hooks[0].per_replica = true;
    plan = fixture_plan(&fixture);
    cr_expect_str_eq(waits(&fixture, found(plan, "p-a.pre_start.2")),
                     "p-a-1.pre_start.1 p-a-2.pre_start.1 ");
    cr_expect_str_eq(waits(&fixture, found(plan, "p-a-1.pre_start.3")),
                     "p-a-1.pre_start.1 p-a.pre_start.2 ");
    fixture_done(&fixture);
}

Test(plan_hooks, are_jobs_without_what_makes_a_service)
{
    struct fixture fixture;
    const struct plan_instance *hook;

    fixture_init(&fixture);
    hook = found(fixture_plan(&fixture), "p-a.pre_start.1");
    cr_expect(hook->hook);
    cr_expect(hook->run_once);
    cr_expect_eq(hook->restart, RESTART_NO);
    cr_expect_str_eq(hook->service, "a");
    cr_expect_str_eq(hook->label, "a ->");
    cr_expect_str_eq(hook->container.args.items[0], "first");
    cr_expect_str_eq(hook->container.user, "root");
    fixture_done(&fixture);
}

Test(plan_hooks, of_another_image_keep_its_entrypoint_and_user)
{
    struct fixture fixture;
    const struct plan_instance *hook;

    fixture_init(&fixture);
    fixture.other.user = "nobody";
    hook = found(fixture_plan(&fixture), "p-a.pre_start.2");
    cr_expect_str_eq(hook->image_digest, "sha256:2");
    cr_expect_str_eq(hook->container.args.items[0], "/entry");
    cr_expect_str_eq(hook->container.args.items[1], "second");
    cr_expect_str_eq(hook->container.user, "nobody");
    fixture_done(&fixture);
}

Test(plan_hooks, mount_the_anonymous_volumes_of_the_service)
{
    struct fixture fixture;
    const struct plan *plan;
    const struct plan_instance *first, *each, *replica;

    fixture_init(&fixture);
    plan = fixture_plan(&fixture);
    first = found(plan, "p-a.pre_start.2");
    each = found(plan, "p-a-2.pre_start.3");
    replica = found(plan, "p-a-2");
    cr_assert_eq(first->container.n_mounts, 1);
    cr_expect_str_eq(first->container.mounts[0].target, "/data");
    cr_expect_str_eq(first->container.mounts[0].source,
                     found(plan, "p-a-1")->container.mounts[0].source);
    cr_expect_str_eq(each->container.mounts[0].source, replica->container.mounts[0].source);
    cr_expect_eq(first->anonymous_volumes.count, 0);
    cr_expect_eq(replica->anonymous_volumes.count, 1);
    fixture_done(&fixture);
}

Test(plan_hooks, are_changed_by_their_own_definition_alone)
{
    struct fixture fixture;
    const char *before, *other;

    fixture_init(&fixture);
    before = found(fixture_plan(&fixture), "p-a.pre_start.1")->config_hash;
    other = found(fixture_plan(&fixture), "p-a.pre_start.2")->config_hash;
    fixture.image.config_hash = "changed";
    cr_expect_str_eq(found(fixture_plan(&fixture), "p-a.pre_start.1")->config_hash, before);
    fixture.hooks[0].command = command_of(fixture.arena, "another");
    cr_expect_str_neq(found(fixture_plan(&fixture), "p-a.pre_start.1")->config_hash, before);
    cr_expect_str_eq(found(fixture_plan(&fixture), "p-a.pre_start.2")->config_hash, other);
    fixture.other.digest = "sha256:3";
    cr_expect_str_neq(found(fixture_plan(&fixture), "p-a.pre_start.2")->config_hash, other);
    fixture_done(&fixture);
}

Test(plan_hooks, are_not_there_for_a_one_off_or_without_replicas)
{
    const struct plan_oneoff oneoff = {.service = "a", .name = "once"};
    struct fixture fixture;

    fixture_init(&fixture);
    fixture.options.oneoff = &oneoff;
    cr_expect_eq(fixture_plan(&fixture)->n_instances, 1);
    fixture.options.oneoff = NULL;
    fixture.service.scale = 0;
    cr_expect_eq(fixture_plan(&fixture)->n_instances, 0);
    fixture_done(&fixture);
}

Test(plan_hooks, of_an_image_that_is_not_there_are_errors)
{
    struct fixture fixture;

    fixture_init(&fixture);
    fixture.options.n_side_images = 0;
    (void)plan_make(&fixture.project, &fixture.options, fixture.arena, fixture.diagnostics);
    cr_expect_str_eq(diagnostics_get(fixture.diagnostics, 0)->message, "there is no image 'tools'");
    fixture_done(&fixture);
}

static void image_volume(struct fixture *fixture)
{
    fixture->service.volumes = arena_new_object(fixture->arena, struct service_volume);
    fixture->service.volumes[0] = (struct service_volume){
        .kind = VOLUME_IMAGE, .source = "tools", .target = "/t", .subpath = "bin"};
    fixture->service.n_volumes = 1;
    string_list_add(fixture->arena, &fixture->side.layers, "/layers/1");
}

Test(plan_hooks, image_volumes_are_mounts_of_layers)
{
    struct fixture fixture;
    const struct plan_instance *replica;

    fixture_init(&fixture);
    image_volume(&fixture);
    replica = found(fixture_plan(&fixture), "p-a-1");
    cr_expect_eq(replica->container.mounts[0].kind, MOUNT_IMAGE);
    cr_expect(replica->container.mounts[0].read_only);
    cr_expect_str_eq(replica->container.mounts[0].subpath, "bin");
    cr_expect_str_eq(replica->container.mounts[0].layers.items[0], "/layers/1");
    cr_expect_str_eq(replica->volume_images.items[0], "sha256:2");
    fixture_done(&fixture);
}

Test(plan_hooks, another_image_of_a_volume_changes_its_service)
{
    struct fixture fixture;
    const char *before;

    fixture_init(&fixture);
    image_volume(&fixture);
    before = found(fixture_plan(&fixture), "p-a-1")->config_hash;
    fixture.other.digest = "sha256:3";
    cr_expect_str_neq(found(fixture_plan(&fixture), "p-a-1")->config_hash, before);
    fixture_done(&fixture);
}
