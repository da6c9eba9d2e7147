/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/table.h"

#include <criterion/criterion.h>

Test(table, columns_are_as_wide_as_their_widest_cell)
{
    static const char *const heads[] = {"NAME", "SIZE", NULL};
    scoped(arena_free) struct arena *arena = arena_new();
    struct table table = table_start(arena, heads);
    scoped_text struct text out = {0};

    table_add(&table, "a-long-name");
    table_add(&table, "1B");
    table_add(&table, "é…");
    table_add(&table, "");
    table_print(&table, &out);
    cr_expect_str_eq(text_get(&out), "NAME          SIZE\n"
                                     "a-long-name   1B\n"
                                     "é…\n");
}

Test(table, an_empty_table_is_its_head)
{
    static const char *const heads[] = {"NAME", "SIZE", NULL};
    scoped(arena_free) struct arena *arena = arena_new();
    struct table table = table_start(arena, heads);
    scoped_text struct text out = {0};

    table_print(&table, &out);
    cr_expect_str_eq(text_get(&out), "NAME   SIZE\n");
}
