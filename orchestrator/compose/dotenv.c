/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/compose/dotenv.h"

#include <ctype.h>
#include <string.h>

#include "common/text.h"
#include "orchestrator/compose/interpolation.h"

struct dotenv {
    struct arena *arena;
    const struct dotenv_source *source;
    struct variables *into;
    struct error *err;
    const char *p;
    unsigned line;
};

static bool is_space(char c)
{
    return c && c != '\n' && strchr("\t\v\f\r ", c);
}

static struct position here(const struct dotenv *dotenv)
{
    struct position at = {dotenv->source->file, dotenv->line, 1};

    return at;
}

/* To the start of the next statement, over empty lines and comments; false at the end. */
static bool find_statement(struct dotenv *dotenv)
{
    for (;;) {
        while (is_space(*dotenv->p) || *dotenv->p == '\n')
            dotenv->line += *dotenv->p++ == '\n';
        if (*dotenv->p != '#')
            return *dotenv->p != '\0';
        dotenv->p += strcspn(dotenv->p, "\n");
    }
}

static bool is_name_char(char c)
{
    return isalnum((unsigned char)c) || (unsigned char)c >= 0x80 || (c && strchr("_.-[]", c));
}

static void skip_export(struct dotenv *dotenv)
{
    if (strncmp(dotenv->p, "export", 6) != 0 || !is_space(dotenv->p[6]))
        return;
    for (dotenv->p += 6; is_space(*dotenv->p); dotenv->p++)
        ;
}

/* Reads the name and its '=' or ':'. *ret_inherited: the line has neither. */
static int read_name(struct dotenv *dotenv, const char **ret_name, bool *ret_inherited)
{
    const char *start, *end;

    skip_export(dotenv);
    start = dotenv->p;
    while (is_name_char(*dotenv->p) || is_space(*dotenv->p))
        dotenv->p++;
    for (end = dotenv->p; end > start && is_space(end[-1]); end--)
        ;
    if (*dotenv->p && !strchr("=:\n", *dotenv->p))
        return error_at(dotenv->err, here(dotenv),
                        "unexpected character \"%c\" in variable name \"%.*s\"", *dotenv->p,
                        (int)strcspn(start, "\n"), start);
    for (const char *p = start; p < end; p++) {
        if (is_space(*p))
            return error_at(dotenv->err, here(dotenv), "key cannot contain a space");
    }
    if (start == end)
        return error_at(dotenv->err, here(dotenv), "a variable has no name");
    *ret_name = arena_strndup(dotenv->arena, start, (size_t)(end - start));
    *ret_inherited = *dotenv->p != '=' && *dotenv->p != ':';
    if (*ret_inherited)
        return 0;
    for (dotenv->p++; is_space(*dotenv->p); dotenv->p++)
        ;
    return 0;
}

/* The caller's variables come before the ones that the file has set so far. */
static const char *lookup(void *owner, const char *name)
{
    const struct dotenv *dotenv = owner;
    const struct dotenv_source *source = dotenv->source;
    const char *value = source->lookup ? source->lookup(source->owner, name) : NULL;

    return value ? value : variables_get(dotenv->into, name);
}

static void unset(void *owner, const char *name)
{
    const struct dotenv *dotenv = owner;

    if (dotenv->source->unset)
        dotenv->source->unset(dotenv->source->owner, name);
}

static int expand(struct dotenv *dotenv, const char *text, const char **ret_value)
{
    struct interpolation interpolation = {lookup, unset, dotenv};
    scoped_text struct text out = {0};

    if (interpolate(&interpolation, text, &out, dotenv->err) < 0) {
        if (dotenv->err)
            dotenv->err->at = here(dotenv);
        return -1;
    }
    *ret_value = arena_strdup(dotenv->arena, text_get(&out));
    return 0;
}

static int read_plain_value(struct dotenv *dotenv, const char **ret_value)
{
    const char *start = dotenv->p;
    const char *end = start + strcspn(start, "\n");

    dotenv->p = end;
    for (const char *p = start; p + 1 < end; p++) {
        if (p[0] == ' ' && p[1] == '#') {
            end = p;
            break;
        }
    }
    while (end > start && is_space(end[-1]))
        end--;
    return expand(dotenv, arena_strndup(dotenv->arena, start, (size_t)(end - start)), ret_value);
}

/* The character that an escape stands for, or 0 when the backslash means nothing. */
static char escaped(char c)
{
    static const char names[] = "abfnrtv\\\"";
    static const char values[] = "\a\b\f\n\r\t\v\\\"";
    const char *found = c ? strchr(names, c) : NULL;

    return found ? values[found - names] : '\0';
}

/* Escapes of a double-quoted value. "\$" becomes "$$", which interpolation turns into a dollar. */
static void unescape(const char *text, struct text *out)
{
    while (*text) {
        char c = text[0] == '\\' ? escaped(text[1]) : '\0';

        if (c) {
            text_append_char(out, c);
            text += 2;
        } else if (text[0] == '\\' && text[1] == '$') {
            text_append(out, "$$");
            text += 2;
        } else if (text[0] == '\\' && text[1] == '0' && text[2] >= '0' && text[2] <= '7') {
            unsigned value = 0;

            text += 2;
            for (int i = 0; i < 3 && *text >= '0' && *text <= '7'; i++)
                value = value * 8 + (unsigned)(*text++ - '0');
            text_append_char(out, (char)(value ? value & 0xff : '?'));
        } else {
            text_append_char(out, *text++);
        }
    }
}

/* Up to the closing quote; a backslash before the quote keeps it and goes away, other pairs stay.
 */
static int read_quoted(struct dotenv *dotenv, struct text *out)
{
    char quote = *dotenv->p;
    const char *start = dotenv->p;

    for (dotenv->p++; *dotenv->p && *dotenv->p != quote; dotenv->p++) {
        if (dotenv->p[0] == '\\' && dotenv->p[1]) {
            if (dotenv->p[1] != quote)
                text_append_char(out, '\\');
            dotenv->p++;
        }
        dotenv->line += *dotenv->p == '\n';
        text_append_char(out, *dotenv->p);
    }
    if (!*dotenv->p)
        return error_at(dotenv->err, here(dotenv), "unterminated quoted value %.*s",
                        (int)strcspn(start, "\n"), start);
    dotenv->p++;
    return 0;
}

static int read_value(struct dotenv *dotenv, const char **ret_value)
{
    scoped_text struct text raw = {0};
    scoped_text struct text unescaped = {0};
    char quote = *dotenv->p;

    if (quote != '"' && quote != '\'')
        return read_plain_value(dotenv, ret_value);
    if (read_quoted(dotenv, &raw) < 0)
        return -1;
    if (quote == '\'') {
        *ret_value = arena_strdup(dotenv->arena, text_get(&raw));
        return 0;
    }
    unescape(text_get(&raw), &unescaped);
    return expand(dotenv, text_get(&unescaped), ret_value);
}

static void inherit(struct dotenv *dotenv, struct variable variable)
{
    const struct dotenv_source *source = dotenv->source;

    variable.value = source->lookup ? source->lookup(source->owner, variable.name) : NULL;
    if (variable.value)
        variables_set(dotenv->into, variable);
}

static int read_statement(struct dotenv *dotenv)
{
    struct variable variable = {.at = here(dotenv)};
    bool inherited;

    if (read_name(dotenv, &variable.name, &inherited) < 0)
        return -1;
    if (inherited) {
        inherit(dotenv, variable);
        return 0;
    }
    if (read_value(dotenv, &variable.value) < 0)
        return -1;
    variables_set(dotenv->into, variable);
    return 0;
}

static int read_raw_line(struct dotenv *dotenv, const char *line, size_t length)
{
    const char *equals = memchr(line, '=', length);
    size_t name_length = equals ? (size_t)(equals - line) : length;
    struct variable variable = {.at = here(dotenv)};

    if (name_length == 0)
        return error_at(dotenv->err, here(dotenv), "a variable has no name");
    variable.name = arena_strndup(dotenv->arena, line, name_length);
    if (strpbrk(variable.name, " \t"))
        return error_at(dotenv->err, here(dotenv), "variable '%s' contains whitespaces",
                        variable.name);
    if (!equals) {
        inherit(dotenv, variable);
        return 0;
    }
    variable.value = arena_strndup(dotenv->arena, equals + 1, length - name_length - 1);
    variables_set(dotenv->into, variable);
    return 0;
}

static int read_raw(struct dotenv *dotenv)
{
    for (; *dotenv->p; dotenv->line++) {
        const char *line = dotenv->p;
        size_t length = strcspn(line, "\n");
        size_t indent = 0;

        dotenv->p += length + (line[length] == '\n');
        while (indent < length && is_space(line[indent]))
            indent++;
        if (indent == length || line[indent] == '#')
            continue;
        if (read_raw_line(dotenv, line + indent, length - indent) < 0)
            return -1;
    }
    return 0;
}

/* Without a byte order mark and with "\n" for "\r\n". */
static const char *normalise(struct arena *arena, const char *text)
{
    char *copy, *to;

    if (strncmp(text, "\xef\xbb\xbf", 3) == 0)
        text += 3;
    if (!strchr(text, '\r'))
        return text;
    to = copy = arena_strdup(arena, text);
    for (; *text; text++) {
        if (text[0] != '\r' || text[1] != '\n')
            *to++ = *text;
    }
    *to = '\0';
    return copy;
}

int dotenv_read(struct arena *arena, const struct dotenv_source *source, struct variables *into,
                struct error *err)
{
    struct dotenv dotenv = {.arena = arena, .source = source, .into = into, .err = err, .line = 1};

    dotenv.p = normalise(arena, source->text);
    if (source->raw)
        return read_raw(&dotenv);
    while (find_statement(&dotenv)) {
        if (read_statement(&dotenv) < 0)
            return -1;
    }
    return 0;
}
