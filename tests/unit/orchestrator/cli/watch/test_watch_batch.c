/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "orchestrator/cli/watch/watch_batch.h"

static struct service services[] = {{.name = "api"}, {.name = "web"}};
static struct watch_rule sync_rule = {.path = "/s", .target = "/app", .syncs = true};
static struct watch_rule restart_rule = {
    .path = "/s/conf", .target = "/conf", .syncs = true, .restarts = true};
static struct watch_rule rebuild_rule = {.path = "/s/package.json", .rebuilds = true};
static struct watch_rule exec_rule = {
    .path = "/s", .target = "/app", .syncs = true, .executes = true};

static struct watch_batch batch_of(struct watch_rules *rules, struct arena *arena,
                                   const char *const *paths, size_t count)
{
    struct string_list list = {0};

    for (size_t i = 0; i < count; i++)
        string_list_add(arena, &list, paths[i]);
    return watch_batch_make(rules, &list);
}

Test(watch_batch, each_file_is_put_once_and_directories_come_first)
{
    static const char *const paths[] = {"/s/b/x", "/s/a", "/s/b", "/s/b/x", "/elsewhere"};
    struct watched watched[] = {{.service = &services[0], .rule = &sync_rule, .path = "/s"}};
    struct watch_rules rules = {.items = watched, .count = 1};
    scoped(arena_free) struct arena *arena = arena_new();
    struct watch_batch batch = batch_of(&rules, arena, paths, ARRAY_LENGTH(paths));

    cr_assert(eq(sz, batch.n_works, 1));
    cr_assert(eq(sz, batch.works[0].n_files, 3));
    cr_expect_str_eq(batch.works[0].files[0].target, "/app/a");
    cr_expect_str_eq(batch.works[0].files[1].target, "/app/b");
    cr_expect_str_eq(batch.works[0].files[2].target, "/app/b/x");
    cr_expect_str_eq(batch.works[0].files[2].source, "/s/b/x");
    arena_free(batch.arena);
}

Test(watch_batch, every_entry_that_a_path_concerns_has_its_say)
{
    static const char *const paths[] = {"/s/conf/a", "/s/package.json"};
    struct watched watched[] = {
        {.service = &services[0], .rule = &sync_rule, .path = "/s"},
        {.service = &services[0], .rule = &restart_rule, .path = "/s/conf"},
        {.service = &services[1], .rule = &rebuild_rule, .path = "/s/package.json"}};
    struct watch_rules rules = {.items = watched, .count = ARRAY_LENGTH(watched)};
    scoped(arena_free) struct arena *arena = arena_new();
    struct watch_batch batch = batch_of(&rules, arena, paths, ARRAY_LENGTH(paths));

    cr_assert(eq(sz, batch.n_works, 2));
    cr_expect(eq(sz, batch.works[0].n_files, 3));
    cr_expect_str_eq(batch.works[0].files[1].target, "/conf/a");
    cr_expect(batch.works[0].restarts);
    cr_expect(not(batch.works[0].rebuilds));
    cr_expect(batch.works[1].rebuilds);
    cr_expect(eq(sz, batch.works[1].n_files, 0));
    arena_free(batch.arena);
}

Test(watch_batch, a_command_runs_once_for_many_files)
{
    static const char *const paths[] = {"/s/a", "/s/b"};
    struct watched watched[] = {{.service = &services[0], .rule = &exec_rule, .path = "/s"}};
    struct watch_rules rules = {.items = watched, .count = 1};
    scoped(arena_free) struct arena *arena = arena_new();
    struct watch_batch batch = batch_of(&rules, arena, paths, ARRAY_LENGTH(paths));

    cr_assert(eq(sz, batch.n_works, 1));
    cr_expect(eq(sz, batch.works[0].n_execs, 1));
    cr_expect(batch.works[0].execs[0] == &exec_rule);
    arena_free(batch.arena);
}

Test(watch_batch, what_concerns_nobody_makes_no_work)
{
    static const char *const paths[] = {"/other"};
    struct watched watched[] = {{.service = &services[0], .rule = &sync_rule, .path = "/s"}};
    struct watch_rules rules = {.items = watched, .count = 1};
    scoped(arena_free) struct arena *arena = arena_new();
    struct watch_batch batch = batch_of(&rules, arena, paths, 1);

    cr_expect(eq(sz, batch.n_works, 0));
    arena_free(batch.arena);
}
