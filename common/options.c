/* SPDX-License-Identifier: Apache-2.0 */
#include "common/options.h"

#include <string.h>

#include "common/text.h"

static const struct option_row *option_by_name(const struct option_row *rows, const char *name,
                                               size_t length)
{
    for (; rows->kind != OPTION_END; rows++)
        if (strlen(rows->name) == length && strncmp(rows->name, name, length) == 0)
            return rows;
    return NULL;
}

static const struct option_row *option_by_letter(const struct option_row *rows, char letter)
{
    for (; rows->kind != OPTION_END; rows++)
        if (rows->letter == letter)
            return rows;
    return NULL;
}

static int flag_set(const struct option_row *row, const char *value, struct error *err)
{
    bool on = !value || string_eq(value, "true") || string_eq(value, "1");

    if (value && !on && !string_eq(value, "false") && !string_eq(value, "0"))
        return error_set(err, "invalid value '%s' for --%s: true or false", value, row->name);
    *(bool *)row->place = on;
    return 0;
}

static void value_set(struct arena *arena, const struct option_row *row, const char *value)
{
    if (row->kind == OPTION_STRING)
        *(const char **)row->place = value;
    else
        string_list_add(arena, row->place, value);
}

/* `value` is what stood behind '='; else the next argument is taken. */
static int option_take(const struct option_parse *parse, const struct option_row *row,
                       const char *value, struct string_list args, size_t *index, struct error *err)
{
    if (row->kind == OPTION_FLAG)
        return flag_set(row, value, err);
    if (!value && *index + 1 >= args.count)
        return error_set(err, "flag needs an argument: --%s", row->name);
    value_set(parse->arena, row, value ? value : args.items[++*index]);
    return 0;
}

static int option_long(const struct option_parse *parse, struct string_list args, size_t *index,
                       struct error *err)
{
    const char *name = args.items[*index] + 2;
    size_t length = strcspn(name, "=");
    const struct option_row *row = option_by_name(parse->rows, name, length);

    if (!row)
        return error_set(err, "unknown flag: --%.*s", (int)length, name);
    return option_take(parse, row, name[length] == '=' ? name + length + 1 : NULL, args, index,
                       err);
}

/* "-dt", "-n5", "-n 5". */
static int option_short(const struct option_parse *parse, struct string_list args, size_t *index,
                        struct error *err)
{
    const char *text = args.items[*index];

    for (const char *letter = text + 1; *letter; letter++) {
        const struct option_row *row = option_by_letter(parse->rows, *letter);
        const char *rest = letter[1] == '=' ? letter + 2 : letter + 1;

        if (!row)
            return error_set(err, "unknown shorthand flag: '%c' in %s", *letter, text);
        if (row->kind != OPTION_FLAG)
            return option_take(parse, row, *rest ? rest : NULL, args, index, err);
        if (flag_set(row, NULL, err) < 0)
            return -1;
    }
    return 0;
}

int options_parse(const struct option_parse *parse, struct string_list args,
                  struct string_list *ret_operands, struct error *err)
{
    bool options = true;

    for (size_t i = 0; i < args.count; i++) {
        const char *arg = args.items[i];

        if (!options || arg[0] != '-' || arg[1] == '\0') {
            string_list_add(parse->arena, ret_operands, arg);
            options = options && !parse->stop_at_operand;
        } else if (string_eq(arg, "--")) {
            options = false;
        } else if (arg[1] == '-') {
            if (option_long(parse, args, &i, err) < 0)
                return -1;
        } else if (option_short(parse, args, &i, err) < 0) {
            return -1;
        }
    }
    return 0;
}

const struct option_row *options_waiting(const struct option_row *rows, const char *last)
{
    const struct option_row *row = NULL;

    if (string_starts_with(last, "--")) {
        row = option_by_name(rows, last + 2, strlen(last + 2));
        return row && row->kind != OPTION_FLAG ? row : NULL;
    }
    for (const char *letter = last + 1; last[0] == '-' && *letter; letter++) {
        row = option_by_letter(rows, *letter);
        if (!row || row->kind != OPTION_FLAG)
            return row && !letter[1] ? row : NULL;
    }
    return NULL;
}

void options_help(const struct option_row *rows, struct text *out)
{
    for (; rows->kind != OPTION_END; rows++) {
        scoped_text struct text left = {0};

        if (rows->letter)
            text_appendf(&left, "-%c, ", rows->letter);
        else
            text_append(&left, "    ");
        text_appendf(&left, "--%s%s%s", rows->name, rows->argument ? " " : "",
                     rows->argument ? rows->argument : "");
        text_appendf(out, "  %-32s %s\n", text_get(&left), rows->help);
    }
}
