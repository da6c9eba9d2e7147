/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/build/directives.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* What one line says. */
struct directive {
    size_t kind;
    struct word value;
};

static const char *const names[] = {"syntax", "escape", "check"};

enum { DIRECTIVE_SYNTAX, DIRECTIVE_ESCAPE, DIRECTIVE_CHECK };

static bool parse(const struct line_reader *reader, const struct physical_line *line,
                  struct directive *ret_directive)
{
    const char *end = trim_end(line->text, line->text + line->length);
    const char *name, *p;

    if (line->length == 0 || line->text[0] != '#')
        return false;
    name = p = skip_blanks(line->text + 1, end);
    while (p < end && isalnum((unsigned char)*p))
        p++;
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        const char *value = skip_blanks(p, end);

        if ((size_t)(p - name) != strlen(names[i]) || strncasecmp(name, names[i], strlen(names[i])))
            continue;
        if (value == end || *value != '=' || (value = skip_blanks(value + 1, end)) == end)
            return false;
        ret_directive->kind = i;
        ret_directive->value.text = arena_strndup(reader->arena, value, (size_t)(end - value));
        ret_directive->value.at =
            (struct position){reader->file, reader->line, (unsigned)(value - line->text) + 1};
        return true;
    }
    return false;
}

void directives_read(struct line_reader *reader, struct diagnostics *diagnostics,
                     struct directives *ret_directives)
{
    struct word values[ARRAY_LENGTH(names)] = {0};
    struct word *escape = &values[DIRECTIVE_ESCAPE];
    struct physical_line line;
    struct directive directive;

    if (line_reader_peek(reader, &line) && line.length > 1 && strncmp(line.text, "#!", 2) == 0)
        (void)line_reader_take(reader, &line);
    while (line_reader_peek(reader, &line) && parse(reader, &line, &directive)) {
        if (values[directive.kind].text)
            diagnostics_error(diagnostics, directive.value.at, NULL,
                              "only one %s parser directive can be used", names[directive.kind]);
        else
            values[directive.kind] = directive.value;
        (void)line_reader_take(reader, &line);
    }
    reader->escape = '\\';
    if (escape->text && (strcmp(escape->text, "`") == 0 || strcmp(escape->text, "\\") == 0))
        reader->escape = *escape->text;
    else if (escape->text)
        diagnostics_error(diagnostics, escape->at, NULL, "invalid escape '%s', must be ` or \\",
                          escape->text);
    *ret_directives =
        (struct directives){reader->escape, values[DIRECTIVE_SYNTAX], values[DIRECTIVE_CHECK]};
}
