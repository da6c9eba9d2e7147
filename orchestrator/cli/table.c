/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/table.h"

#include "common/utf8.h"

enum { GAP = 3 };

struct table table_start(struct arena *arena, const char *const *heads)
{
    struct table table = {.arena = arena};

    for (; heads[table.columns]; table.columns++)
        table_add(&table, heads[table.columns]);
    return table;
}

void table_add(struct table *table, const char *cell)
{
    string_list_add(table->arena, &table->cells, arena_strdup(table->arena, cell));
}

/* Characters on the screen, not bytes. */
static size_t cell_width(const char *cell)
{
    size_t width = 0;

    for (; *cell; cell++)
        width += utf8_is_start(*cell);
    return width;
}

static size_t column_width(const struct table *table, size_t column)
{
    size_t width = 0;

    for (size_t i = column; i < table->cells.count; i += table->columns)
        if (cell_width(table->cells.items[i]) > width)
            width = cell_width(table->cells.items[i]);
    return width;
}

static void row_print(const char *const *cells, const size_t *widths, size_t columns,
                      struct text *out)
{
    for (size_t i = 0; i < columns; i++) {
        text_append(out, cells[i]);
        for (size_t k = cell_width(cells[i]); i + 1 < columns && k < widths[i] + GAP; k++)
            text_append_char(out, ' ');
    }
    while (out->length > 0 && out->data[out->length - 1] == ' ')
        out->data[--out->length] = '\0';
    text_append_char(out, '\n');
}

void table_print(const struct table *table, struct text *out)
{
    size_t *widths = arena_new_array(table->arena, size_t, table->columns);

    for (size_t i = 0; i < table->columns; i++)
        widths[i] = column_width(table, i);
    for (size_t i = 0; i < table->cells.count; i += table->columns)
        row_print(table->cells.items + i, widths, table->columns, out);
}
