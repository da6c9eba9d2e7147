/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/image/image_needs.h"

#include <criterion/criterion.h>

#define A "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static struct arena *arena;
static struct diagnostics *diagnostics;

static void set_up(void)
{
    arena = arena_new();
    diagnostics = diagnostics_new();
    (void)unsetenv("DOCKER_DEFAULT_PLATFORM");
}

static void tear_down(void)
{
    diagnostics_free(diagnostics);
    arena_free(arena);
}

TestSuite(image_needs, .init = set_up, .fini = tear_down);

static struct image_needs needs_of(struct service *services, size_t count,
                                   const struct lock_file *lock)
{
    struct project *project = arena_new_object(arena, struct project);

    *project = (struct project){.name = "shop", .services = services, .n_services = count};
    return image_needs_of(project, lock, arena, diagnostics);
}

Test(image_needs, services_and_their_image_volumes_need_images)
{
    struct service_volume volumes[] = {
        {.kind = VOLUME_NAMED, .source = "data", .target = "/a"},
        {.kind = VOLUME_IMAGE, .source = "files:1", .target = "/b"},
    };
    struct service services[] = {
        {.name = "web", .image = "web", .volumes = volumes, .n_volumes = 2},
        {.name = "db", .image = "postgres:16", .platform = "linux/arm64"},
    };
    struct image_needs needs = needs_of(services, 2, NULL);

    cr_assert_eq(needs.count, 3);
    cr_expect_str_eq(needs.items[0].reference, "docker.io/library/web:latest");
    cr_expect_str_eq(needs.items[0].path, "services.web.image");
    cr_expect_str_eq(needs.items[1].reference, "docker.io/library/files:1");
    cr_expect_str_eq(needs.items[1].path, "services.web.volumes[1]");
    cr_expect(needs.items[1].beside);
    cr_expect_str_eq(needs.items[2].platform, "linux/arm64");
    cr_expect_null(needs.items[0].platform);
}

Test(image_needs, what_is_only_built_has_the_name_of_project_and_service)
{
    struct build build = {.context = "/src"};
    struct service services[] = {{.name = "api", .build = &build}};
    struct image_needs needs = needs_of(services, 1, NULL);

    cr_assert_eq(needs.count, 1);
    cr_expect_str_eq(needs.items[0].written, "shop-api");
    cr_expect(needs.items[0].only_builds);
    image_needs_decide_up(&needs, NULL, 0);
    cr_expect_eq(needs.items[0].step, PULL_STEP_BUILD, "it is never looked for in a registry");
}

Test(image_needs, a_reference_platform_or_policy_that_is_none_is_an_error)
{
    struct service services[] = {
        {.name = "a", .image = "Not A Reference"},
        {.name = "b", .image = "b", .platform = "linux/a/b/c/d"},
        {.name = "c", .image = "c", .pull_policy = "nowandthen"},
        {.name = "d", .image = "d"},
    };

    cr_expect_eq(needs_of(services, 4, NULL).count, 1);
    cr_expect_eq(diagnostics_count(diagnostics, SEVERITY_ERROR), 3);
}

Test(image_needs, the_lock_file_is_asked_for_what_is_not_built)
{
    struct lock_image images[] = {{.reference = "docker.io/library/web:latest", .digest = A}};
    struct lock_file lock = {images, 1};
    struct build build = {.context = "/src"};
    struct service services[] = {{.name = "a", .image = "web"},
                                 {.name = "b", .image = "web", .build = &build}};
    struct image_needs needs = needs_of(services, 2, &lock);

    cr_expect_eq(needs.items[0].locked, &images[0]);
    cr_expect_null(needs.items[1].locked);
}

Test(image_needs, what_must_not_be_pulled_is_an_error_at_its_place)
{
    struct service services[] = {
        {.name = "a", .image = "web", .image_at = {"compose.yaml", 3, 5}, .pull_policy = "never"}};
    struct image_needs needs = needs_of(services, 1, NULL);

    image_needs_decide_up(&needs, NULL, 0);
    image_needs_report(&needs, false, diagnostics);
    cr_assert_eq(diagnostics_count(diagnostics, SEVERITY_ERROR), 1);
    cr_expect_eq(diagnostics_get(diagnostics, 0)->at.line, 3);
    cr_expect_str_eq(diagnostics_get(diagnostics, 0)->path, "services.a.image");
}

Test(image_needs, hooks_with_an_image_of_their_own_need_it)
{
    struct hook hooks[] = {{.image = "web"}, {.image = "tools:1"}, {.user = "root"}};
    struct service services[] = {
        {.name = "web", .image = "web", .pre_start = hooks, .n_pre_start = 3}};
    struct image_needs needs = needs_of(services, 1, NULL);

    cr_assert_eq(needs.count, 2);
    cr_expect_str_eq(needs.items[1].reference, "docker.io/library/tools:1");
    cr_expect_str_eq(needs.items[1].path, "services.web.pre_start[1].image");
    cr_expect(needs.items[1].beside);
}
