/* SPDX-License-Identifier: Apache-2.0 */
#include "common/options.h"

#include <criterion/criterion.h>

struct values {
    bool quiet, tty;
    const char *count;
    struct string_list files;
};

static const char *waiting_name(const char *last)
{
    bool flag;
    const char *value;
    struct string_list list;
    const struct option_row rows[] = {
        {'q', "quiet", OPTION_FLAG, &flag, NULL, "say less"},
        {'n', "count", OPTION_STRING, &value, "NUMBER", "how many"},
        {0, "file", OPTION_LIST, &list, "FILE", "which"},
        {0, NULL, OPTION_END, NULL, NULL, NULL},
    };
    const struct option_row *row = options_waiting(rows, last);

    return row ? row->name : "";
}

static int parse(const char *const *args, struct arena *arena, struct values *ret_values,
                 struct string_list *ret_operands, struct error *err)
{
    const struct option_row rows[] = {
        {'q', "quiet", OPTION_FLAG, &ret_values->quiet, NULL, "say less"},
        {'t', "tty", OPTION_FLAG, &ret_values->tty, NULL, "a terminal"},
        {'n', "count", OPTION_STRING, &ret_values->count, "NUMBER", "how many"},
        {0, "file", OPTION_LIST, &ret_values->files, "FILE", "which"},
        {0, NULL, OPTION_END, NULL, NULL, NULL},
    };
    const struct option_parse options = {.arena = arena, .rows = rows};
    struct string_list list = {0};

    for (; *args; args++)
        string_list_add(arena, &list, *args);
    return options_parse(&options, list, ret_operands, err);
}

Test(options, values_come_behind_or_glued)
{
    scoped(arena_free) struct arena *arena = arena_new();
    const char *const args[] = {"-qn5",       "--file", "a",  "one", "--file=b",
                                "--tty=true", "--",     "-q", NULL};
    struct string_list operands = {0};
    struct values values = {0};
    struct error err = {0};

    cr_assert(parse(args, arena, &values, &operands, &err) == 0, "%s", err.text);
    cr_expect(values.quiet && values.tty);
    cr_expect_str_eq(values.count, "5");
    cr_assert_eq(values.files.count, 2);
    cr_expect_str_eq(values.files.items[1], "b");
    cr_assert_eq(operands.count, 2);
    cr_expect_str_eq(operands.items[1], "-q");
}

Test(options, what_is_wrong_is_named)
{
    scoped(arena_free) struct arena *arena = arena_new();
    const char *const unknown[] = {"--fil", NULL}, *const empty[] = {"-n", NULL};
    struct string_list operands = {0};
    struct values values = {0};
    struct error err = {0};

    cr_expect(parse(unknown, arena, &values, &operands, &err) < 0);
    cr_expect_str_eq(err.text, "unknown flag: --fil");
    cr_expect(parse(empty, arena, &values, &operands, &err) < 0);
    cr_expect_str_eq(err.text, "flag needs an argument: --count");
}

Test(options, the_one_that_waits_for_its_value)
{
    cr_expect_str_eq(waiting_name("--file"), "file");
    cr_expect_str_eq(waiting_name("-n"), "count");
    cr_expect_str_eq(waiting_name("-qn"), "count");
    cr_expect_str_eq(waiting_name("-n5"), "");
    cr_expect_str_eq(waiting_name("--quiet"), "");
    cr_expect_str_eq(waiting_name("--unknown"), "");
    cr_expect_str_eq(waiting_name("word"), "");
    cr_expect_str_eq(waiting_name(""), "");
}
