/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "common/text.h"
#include "orchestrator/cli/watch/watch_rules.h"

/* A service `api` with one rule for /src that goes to /app. */
struct scene {
    struct arena *arena;
    struct diagnostics *diagnostics;
    struct project project;
    struct service service;
    struct watch_rule rule;
    struct watch_rules rules;
};

static struct scene *scene_new(void)
{
    struct arena *arena = arena_new();
    struct scene *scene = arena_new_object(arena, struct scene);

    scene->arena = arena;
    scene->diagnostics = diagnostics_new();
    scene->service = (struct service){.name = "api", .watch = &scene->rule, .n_watch = 1};
    scene->rule = (struct watch_rule){.path = "/src-of-a-test", .target = "/app", .syncs = true};
    scene->project = (struct project){.services = &scene->service, .n_services = 1};
    return scene;
}

static void scene_free(struct scene *scene)
{
    diagnostics_free(scene->diagnostics);
    arena_free(scene->arena);
}
DEFINE_SCOPED(struct scene *, scene_free)

static void make(struct scene *scene)
{
    struct error err = {0};

    cr_assert(eq(int,
                 watch_rules_make(&scene->project, (struct string_list){0}, scene->arena,
                                  scene->diagnostics, &scene->rules, &err),
                 0),
              "%s", err.text);
}

/* Where the path is in the container; "" when it does not count. */
static const char *target_of(struct scene *scene, const char *path)
{
    const char *target = NULL;

    if (!watch_rules_match(&scene->rules, &scene->rules.items[0], path, scene->arena, &target))
        return "";
    return target ? target : "(none)";
}

Test(watch_rules, paths_below_the_rule_are_mapped_below_its_target)
{
    scoped(scene_free) struct scene *scene = scene_new();

    make(scene);
    cr_expect_str_eq(target_of(scene, "/src-of-a-test/a/b.js"), "/app/a/b.js");
    cr_expect_str_eq(target_of(scene, "/src-of-a-test"), "/app");
    cr_expect_str_eq(target_of(scene, "/src-of-a-test-2/a"), "");
    cr_expect_str_eq(target_of(scene, "/src-of"), "");
}

Test(watch_rules, a_rule_without_target_has_none)
{
    scoped(scene_free) struct scene *scene = scene_new();

    scene->rule.target = NULL;
    make(scene);
    cr_expect_str_eq(target_of(scene, "/src-of-a-test/a"), "(none)");
}

Test(watch_rules, ignored_files_and_what_is_in_ignored_directories_do_not_count)
{
    scoped(scene_free) struct scene *scene = scene_new();

    string_list_add(scene->arena, &scene->rule.ignore, "node_modules/");
    string_list_add(scene->arena, &scene->rule.ignore, "**/*.log");
    make(scene);
    cr_expect_str_eq(target_of(scene, "/src-of-a-test/node_modules/x/y.js"), "");
    cr_expect_str_eq(target_of(scene, "/src-of-a-test/a/b/c.log"), "");
    cr_expect_str_eq(target_of(scene, "/src-of-a-test/a/node_modules/x"), "/app/a/node_modules/x");
    cr_expect(watch_rules_skip(&scene->rules, "/src-of-a-test/node_modules"));
    cr_expect(not(watch_rules_skip(&scene->rules, "/src-of-a-test/a")));
    cr_expect(not(watch_rules_skip(&scene->rules, "/src-of-a-test")));
}

Test(watch_rules, a_directory_that_something_is_brought_back_in_is_not_skipped)
{
    scoped(scene_free) struct scene *scene = scene_new();

    string_list_add(scene->arena, &scene->rule.ignore, "dist");
    string_list_add(scene->arena, &scene->rule.ignore, "!dist/keep.js");
    make(scene);
    cr_expect_str_eq(target_of(scene, "/src-of-a-test/dist/keep.js"), "/app/dist/keep.js");
    cr_expect_str_eq(target_of(scene, "/src-of-a-test/dist/other.js"), "");
    cr_expect(not(watch_rules_skip(&scene->rules, "/src-of-a-test/dist")));
}

Test(watch_rules, only_what_is_included_counts)
{
    scoped(scene_free) struct scene *scene = scene_new();

    string_list_add(scene->arena, &scene->rule.include, "**/*.py");
    make(scene);
    cr_expect_str_eq(target_of(scene, "/src-of-a-test/a/b.py"), "/app/a/b.py");
    cr_expect_str_eq(target_of(scene, "/src-of-a-test/a/b.txt"), "");
}

Test(watch_rules, what_editors_leave_and_repositories_do_not_count)
{
    static const char *const names[] = {"a/.main.c.swp", "a/main.c~", "4913",         ".git/index",
                                        "sub/.git/HEAD", "a/.#lock",  "x___jb_tmp___"};
    scoped(scene_free) struct scene *scene = scene_new();

    make(scene);
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
        cr_expect_str_eq(
            target_of(scene, arena_printf(scene->arena, "/src-of-a-test/%s", names[i])), "", "%s",
            names[i]);
    cr_expect_str_eq(target_of(scene, "/src-of-a-test/.gitignore"), "/app/.gitignore");
    cr_expect(watch_rules_skip(&scene->rules, "/src-of-a-test/.git"));
}

Test(watch_rules, the_repository_around_the_path_does_not_matter)
{
    scoped(scene_free) struct scene *scene = scene_new();

    scene->rule.path = "/home/.git/worktree-of-a-test";
    make(scene);
    cr_expect_str_eq(target_of(scene, "/home/.git/worktree-of-a-test/a.c"), "/app/a.c");
}

Test(watch_rules, a_path_in_a_bind_mount_is_left_out_with_a_warning)
{
    scoped(scene_free) struct scene *scene = scene_new();
    struct service_volume volume = {
        .kind = VOLUME_BIND, .source = "/src-of-a-test", .target = "/app"};

    scene->service.volumes = &volume;
    scene->service.n_volumes = 1;
    make(scene);
    cr_expect(eq(sz, scene->rules.count, 0));
    cr_expect(eq(sz, diagnostics_count(scene->diagnostics, SEVERITY_WARNING), 1));
}

Test(watch_rules, a_restart_on_a_bind_mount_is_meant)
{
    scoped(scene_free) struct scene *scene = scene_new();
    struct service_volume volume = {
        .kind = VOLUME_BIND, .source = "/src-of-a-test", .target = "/app"};

    scene->rule.syncs = false;
    scene->rule.restarts = true;
    scene->service.volumes = &volume;
    scene->service.n_volumes = 1;
    make(scene);
    cr_expect(eq(sz, scene->rules.count, 1));
}

Test(watch_rules, rebuilding_needs_a_build)
{
    scoped(scene_free) struct scene *scene = scene_new();

    scene->rule.syncs = false;
    scene->rule.rebuilds = true;
    make(scene);
    cr_expect(eq(sz, diagnostics_count(scene->diagnostics, SEVERITY_ERROR), 1));
}

Test(watch_rules, services_are_chosen_by_name)
{
    scoped(scene_free) struct scene *scene = scene_new();
    struct string_list others = {0};
    struct error err = {0};

    string_list_add(scene->arena, &others, "web");
    cr_assert(eq(int,
                 watch_rules_make(&scene->project, others, scene->arena, scene->diagnostics,
                                  &scene->rules, &err),
                 0));
    cr_expect(eq(sz, scene->rules.count, 0));
}
