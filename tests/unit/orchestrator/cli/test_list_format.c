/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "orchestrator/cli/list_format.h"

/* What the template makes of two objects; an error's text when it fails. */
static void expect(const char *format, const char *expected)
{
    scoped(arena_free) struct arena *arena = arena_new();
    scoped(json_release) json_t *rows = json_pack("[{s:s,s:i},{s:s,s:i}]", "Name", "web-1", "Pid",
                                                  7, "Name", "database-1", "Pid", 11);
    scoped_text struct text out = {0};
    struct error err = {0};

    if (list_format_rows(format, rows, arena, &out, &err) < 0)
        cr_expect_str_eq(err.text, expected, "%s", format);
    else
        cr_expect_str_eq(text_get(&out), expected, "%s", format);
}

Test(list_format, fields_are_filled_in_for_each_row)
{
    expect("{{.Name}}", "web-1\ndatabase-1\n");
    expect("{{ .Name }} is {{.Pid}}!", "web-1 is 7!\ndatabase-1 is 11!\n");
    expect("{{.Name}}\\t{{.Pid}}", "web-1\t7\ndatabase-1\t11\n");
}

Test(list_format, table_has_a_head_and_columns)
{
    expect("table {{.Name}}\\t{{.Pid}}", "NAME         PID\nweb-1        7\ndatabase-1   11\n");
}

Test(list_format, json_quotes_a_field_or_prints_all)
{
    expect("{{json .Name}}", "\"web-1\"\n\"database-1\"\n");
    expect("{{json .}}", "{\"Name\":\"web-1\",\"Pid\":7}\n{\"Name\":\"database-1\",\"Pid\":11}\n");
}

Test(list_format, what_is_not_understood_is_named)
{
    expect("{{.Name", "template: '{{' without '}}'");
    expect("{{range .}}", "template: '{{range .}}' is not understood: {{.Field}}, {{json .Field}} "
                          "and {{json .}} are");
    expect("{{.}}",
           "template: '{{.}}' is not understood: {{.Field}}, {{json .Field}} and {{json .}} are");
    expect("{{.Nam}}", "template: there is no field 'Nam': Name, Pid");
}

Test(list_format, kinds_are_told_apart)
{
    struct error err = {0};
    enum list_kind kind;

    cr_assert(eq(int, list_format_kind(NULL, &kind, &err), 0));
    cr_expect(eq(int, kind, LIST_TABLE));
    cr_assert(eq(int, list_format_kind("json", &kind, &err), 0));
    cr_expect(eq(int, kind, LIST_JSON));
    cr_assert(eq(int, list_format_kind("table {{.ID}}", &kind, &err), 0));
    cr_expect(eq(int, kind, LIST_TEMPLATE));
    cr_expect(eq(int, list_format_kind("tabel", &kind, &err), -1));
}
