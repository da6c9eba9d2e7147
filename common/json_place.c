/* SPDX-License-Identifier: Apache-2.0 */
#include "common/json_place.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct scanner {
    const char *at;
    const char *line_start;
    unsigned line;
};

static void skip_blanks(struct scanner *scanner)
{
    for (; *scanner->at && strchr(" \t\r\n", *scanner->at); scanner->at++)
        if (*scanner->at == '\n') {
            scanner->line++;
            scanner->line_start = scanner->at + 1;
        }
}

static void skip_character(struct scanner *scanner)
{
    if (*scanner->at)
        scanner->at++;
    skip_blanks(scanner);
}

/* Strings have no line breaks. */
static void skip_string(struct scanner *scanner)
{
    for (scanner->at++; *scanner->at && *scanner->at != '"'; scanner->at++)
        if (*scanner->at == '\\' && scanner->at[1])
            scanner->at++;
    skip_character(scanner);
}

/* Up to the comma or bracket behind it. */
static void skip_value(struct scanner *scanner)
{
    size_t depth = 0;

    while (*scanner->at) {
        char c = *scanner->at;

        if (depth == 0 && (c == ',' || c == ']' || c == '}'))
            return;
        if (c == '[' || c == '{')
            depth++;
        if (c == ']' || c == '}')
            depth--;
        if (c == '"')
            skip_string(scanner);
        else
            skip_character(scanner);
    }
}

static bool name_is(const struct scanner *scanner, const char *name)
{
    size_t length = strlen(name);

    return strncmp(scanner->at + 1, name, length) == 0 && scanner->at[length + 1] == '"';
}

/* From the bracket before the first to the member or element; false when there is none. */
static bool enter(struct scanner *scanner, const char *step)
{
    bool is_object = *scanner->at == '{';
    unsigned long index = strtoul(step, NULL, 10);

    if (!is_object && *scanner->at != '[')
        return false;
    skip_character(scanner);
    while (*scanner->at && *scanner->at != ']' && *scanner->at != '}') {
        if (is_object ? name_is(scanner, step) : index-- == 0)
            return true;
        skip_value(scanner);
        if (*scanner->at == ',')
            skip_character(scanner);
    }
    return false;
}

struct position json_place(const char *text, const char *const *path)
{
    struct scanner scanner = {.at = text, .line_start = text, .line = 1};
    struct position place = {.line = 1, .column = 1};

    skip_blanks(&scanner);
    for (size_t i = 0; path[i]; i++) {
        if (!enter(&scanner, path[i]))
            break;
        place.line = scanner.line;
        place.column = (unsigned)(scanner.at - scanner.line_start) + 1;
        if (path[i + 1] && *scanner.at == '"') {
            skip_string(&scanner);
            skip_character(&scanner); /* the colon */
        }
    }
    return place;
}

int json_place_error(const char *text, const char *const *path, struct error *err,
                     const char *format, ...)
{
    struct position at = json_place(text, path);
    char what[sizeof(err->text)];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(what, sizeof(what), format, args);
    va_end(args);
    return error_set(err, "line %u, column %u: %s", at.line, at.column, what);
}
