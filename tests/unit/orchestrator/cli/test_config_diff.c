/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/config_diff.h"

#include <criterion/criterion.h>

/* "path: old -> new; ..." */
static const char *diff_text(struct arena *arena, const char *old, const char *new)
{
    struct error err = {0};
    scoped(json_release) json_t *a = json_parse(old, strlen(old), &err);
    scoped(json_release) json_t *b = json_parse(new, strlen(new), &err);
    const struct config_field *field = config_diff(a, b, arena);
    scoped_text struct text text = {0};

    for (; field; field = field->next)
        text_appendf(&text, "%s: %s -> %s;", field->path,
                     field->old_value ? field->old_value : "none",
                     field->new_value ? field->new_value : "none");
    return arena_strdup(arena, text_get(&text));
}

static void expect_diff(const char *old, const char *new, const char *expected)
{
    scoped(arena_free) struct arena *arena = arena_new();

    cr_expect_str_eq(diff_text(arena, old, new), expected);
}

Test(config_diff, says_nothing_of_equal_services)
{
    expect_diff("{\"a\":1,\"b\":[1]}", "{\"b\":[1],\"a\":1}", "");
}

Test(config_diff, names_the_field_that_changed)
{
    expect_diff("{\"environment\":{\"A\":\"x\",\"B\":\"y\"}}",
                "{\"environment\":{\"A\":\"x\",\"B\":\"z\"}}", "environment.B: \"y\" -> \"z\";");
}

Test(config_diff, tells_what_was_added_and_what_was_removed)
{
    expect_diff("{\"init\":true}", "{\"labels\":{\"a\":\"1\"}}",
                "init: true -> none;labels.a: none -> \"1\";");
}

Test(config_diff, compares_lists_of_the_same_length_item_by_item)
{
    expect_diff("{\"ports\":[{\"target\":80}]}", "{\"ports\":[{\"target\":81}]}",
                "ports[0].target: 80 -> 81;");
}

Test(config_diff, tells_which_item_a_longer_list_has_more)
{
    expect_diff("{\"l\":[\"a\",\"b\"]}", "{\"l\":[\"x\",\"a\",\"b\"]}", "l[0]: none -> \"x\";");
}

Test(config_diff, counts_items_that_are_there_more_than_once)
{
    expect_diff("{\"l\":[\"a\",\"a\"]}", "{\"l\":[\"a\"]}", "l[1]: \"a\" -> none;");
}
