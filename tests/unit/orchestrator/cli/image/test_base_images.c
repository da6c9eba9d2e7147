/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/image/base_images.h"

#include <criterion/criterion.h>

#include "common/text.h"

static void expect_images(struct build *build, const char *images, int mistakes)
{
    scoped(arena_free) struct arena *arena = arena_new();
    scoped(diagnostics_free) struct diagnostics *diagnostics = diagnostics_new();
    const struct service service = {.name = "app", .build = build};
    struct string_list found;
    scoped_text struct text text = {0};

    build->at.file = "compose.yaml";
    found = base_images_of(&service, arena, diagnostics);
    for (size_t i = 0; i < found.count; i++)
        text_appendf(&text, "%s;", found.items[i]);
    cr_expect_str_eq(text_get(&text), images);
    cr_expect_eq(diagnostics_count(diagnostics, SEVERITY_ERROR), (size_t)mistakes);
}

Test(base_images, stages_and_scratch_are_no_images)
{
    struct build build = {.dockerfile_inline = "FROM a AS one\nFROM one AS two\nFROM scratch\n"
                                               "COPY --from=two / /\nCOPY --from=b:2 / /\n"};

    expect_images(&build, "docker.io/library/a:latest;docker.io/library/b:2;", 0);
}

Test(base_images, arguments_of_the_build_count)
{
    struct pair pairs[] = {{.name = "V", .value = "2"}, {.name = "W"}};
    struct build build = {.dockerfile_inline = "ARG V=1\nARG W=3\nFROM a:$V AS x\nFROM b:$W\n"
                                               "COPY --from=x / /\n",
                          .args = {.items = pairs, .count = 2}};

    expect_images(&build, "docker.io/library/a:2;docker.io/library/b:3;", 0);
}

Test(base_images, what_the_target_does_not_need_is_left_out)
{
    struct build build = {.dockerfile_inline = "FROM a AS one\nFROM b AS two\n", .target = "one"};

    expect_images(&build, "docker.io/library/a:latest;", 0);
}

Test(base_images, mistakes_of_the_dockerfile_are_told)
{
    struct build build = {.dockerfile_inline = "FORM a\n"};

    expect_images(&build, "", 1);
}

Test(base_images, contexts_are_images_or_stand_in_for_some)
{
    struct pair pairs[] = {{.name = "base", .value = "docker-image://tools:1"},
                           {.name = "a", .value = "/some/folder"},
                           {.name = "odd", .value = "docker-image://Not A Reference"}};
    struct build build = {.dockerfile_inline = "FROM base\nCOPY --from=a / /\nCOPY --from=b / /\n",
                          .additional_contexts = {.items = pairs, .count = 3}};

    expect_images(&build, "docker.io/library/tools:1;docker.io/library/b:latest;", 1);
}
