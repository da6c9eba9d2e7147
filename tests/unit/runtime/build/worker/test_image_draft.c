/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/build/worker/image_draft.h"

#include <criterion/criterion.h>
#include <string.h>

#include "runtime/build/dockerfile.h"

static struct arena *arena;
static struct image_draft *draft;

static void setup(void)
{
    arena = arena_new();
    draft = image_draft_new(arena, "linux/amd64");
}

static void teardown(void)
{
    image_draft_free(draft);
    arena_free(arena);
}

TestSuite(image_draft, .init = setup, .fini = teardown);

/* Carries out instructions that have no variables. */
static void apply(const char *text)
{
    scoped(diagnostics_free) struct diagnostics *diagnostics = diagnostics_new();
    const char *bytes = arena_printf(arena, "FROM scratch\n%s\n", text);
    const struct dockerfile_source source = {"Dockerfile", bytes, strlen(bytes)};
    struct dockerfile dockerfile;
    struct error err;

    cr_assert_eq(dockerfile_parse(&source, arena, diagnostics, &dockerfile), 0);
    for (size_t i = 0; i < dockerfile.stages[0].n_instructions; i++)
        cr_assert_eq(image_draft_apply(draft, &dockerfile.stages[0].instructions[i], &err), 0, "%s",
                     err.text);
}

static const char *config(void)
{
    struct text out = {0};

    json_format(json_get_object(draft->document, "config"), &out);
    return arena_strdup(arena, text_get(&out));
}

static void expect(const char *part)
{
    cr_expect_not_null(strstr(config(), part), "'%s' is not in %s", part, config());
}

Test(image_draft, an_empty_one_has_a_path)
{
    cr_expect_eq(image_draft_list(draft, "Env").count, 1);
    cr_expect(string_starts_with(image_draft_list(draft, "Env").items[0], "PATH=/usr/local/sbin:"));
    cr_expect_str_eq(image_draft_text(draft, "WorkingDir"), "/");
}

Test(image_draft, a_variable_that_is_set_again_keeps_its_place)
{
    apply("ENV A=1 B=2\nENV A=3 AB=4");
    expect("\"A=3\",\"B=2\",\"AB=4\"");
}

Test(image_draft, an_entry_point_forgets_the_command_of_the_base_alone)
{
    apply("CMD [\"mine\"]\nENTRYPOINT [\"x\"]");
    expect("\"Cmd\":[\"mine\"]");
    draft->has_command = false; /* as a stage that begins on this */
    apply("ENTRYPOINT [\"y\"]");
    cr_expect_null(strstr(config(), "mine"));
}

Test(image_draft, shell_forms_are_for_the_shell)
{
    apply("CMD echo hi\nSHELL [\"/bin/bash\", \"-c\"]\nENTRYPOINT run it");
    expect("\"Entrypoint\":[\"/bin/bash\",\"-c\",\"run it\"]");
}

Test(image_draft, relative_directories_go_on_from_the_last)
{
    apply("WORKDIR a\nWORKDIR b/../c");
    cr_expect_str_eq(image_draft_text(draft, "WorkingDir"), "/a/c");
    cr_expect_str_eq(image_draft_path(draft, "x/"), "/a/c/x/");
    cr_expect_str_eq(image_draft_path(draft, "/x"), "/x");
}

Test(image_draft, ports_ranges_and_checks)
{
    apply("EXPOSE 80 7000-7001/udp\nHEALTHCHECK --interval=1s --retries=2 CMD true\nVOLUME /a /b");
    expect("\"80/tcp\":{}");
    expect("\"7000/udp\":{},\"7001/udp\":{}");
    expect("\"Test\":[\"CMD-SHELL\",\"true\"],\"Interval\":1000000000");
    expect("\"Volumes\":{\"/a\":{},\"/b\":{}}");
    apply("HEALTHCHECK NONE");
    expect("\"Healthcheck\":{\"Test\":[\"NONE\"]}");
}

Test(image_draft, a_step_is_a_line_of_history_and_perhaps_a_layer)
{
    const struct draft_step first = {"RUN one", "2001-09-09T01:46:40Z", "sha256:aa"};
    const struct draft_step second = {"CMD two", "2001-09-09T01:46:41Z", ""};

    cr_assert_eq(image_draft_add(draft, &first, NULL), 0);
    cr_assert_eq(image_draft_add(draft, &second, NULL), 0);
    cr_expect_eq(draft->diff_ids.count, 1);
    cr_expect_str_eq(image_draft_created(draft), "2001-09-09T01:46:41Z");
    cr_expect(json_is_true(json_object_get(
        json_array_get(json_get_array(draft->document, "history"), 1), "empty_layer")));
}

Test(image_draft, a_copy_goes_its_own_way)
{
    struct image_draft *copy;

    apply("LABEL a=1\nONBUILD RUN later");
    copy = image_draft_copy(draft, arena);
    apply("LABEL a=2");
    image_draft_forget(copy, "OnBuild");
    cr_expect_str_eq(
        json_get_string(json_get_object(json_get_object(copy->document, "config"), "Labels"), "a",
                        ""),
        "1");
    cr_expect_eq(image_draft_list(copy, "OnBuild").count, 0);
    expect("\"OnBuild\":[\"RUN later\"]");
    image_draft_free(copy);
}
