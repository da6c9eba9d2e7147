/* SPDX-License-Identifier: Apache-2.0 */
#include "common/diagnostics.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "common/fd.h"
#include "common/file.h"
#include "common/limits.h"

struct diagnostics {
    struct arena *arena;
    struct diagnostic entries[LIMIT_DIAGNOSTICS];
    size_t length;
    size_t counts[2];
};

struct diagnostics *diagnostics_new(void)
{
    struct diagnostics *diagnostics = calloc(1, sizeof(*diagnostics));

    if (!diagnostics)
        abort();
    diagnostics->arena = arena_new();
    return diagnostics;
}

void diagnostics_free(struct diagnostics *diagnostics)
{
    if (!diagnostics)
        return;
    arena_free(diagnostics->arena);
    free(diagnostics);
}

static bool position_eq(struct position a, struct position b)
{
    return a.line == b.line && a.column == b.column && string_eq(a.file, b.file);
}

static bool diagnostic_eq(const struct diagnostic *a, const struct diagnostic *b)
{
    return a->severity == b->severity && position_eq(a->at, b->at) && string_eq(a->path, b->path) &&
           string_eq(a->message, b->message);
}

static struct position position_copy(struct arena *arena, struct position at)
{
    at.file = arena_strdup(arena, at.file);
    return at;
}

void diagnostics_add(struct diagnostics *diagnostics, const struct diagnostic *entry)
{
    struct arena *arena = diagnostics->arena;

    for (size_t i = 0; i < diagnostics->length; i++)
        if (diagnostic_eq(&diagnostics->entries[i], entry))
            return;
    diagnostics->counts[entry->severity]++;
    if (diagnostics->length == LIMIT_DIAGNOSTICS)
        return;
    diagnostics->entries[diagnostics->length++] = (struct diagnostic){
        .severity = entry->severity,
        .at = position_copy(arena, entry->at),
        .path = arena_strdup(arena, entry->path),
        .message = arena_strdup(arena, entry->message),
        .hint = arena_strdup(arena, entry->hint),
        .came_by = position_copy(arena, entry->came_by),
        .came_how = arena_strdup(arena, entry->came_how),
    };
}

/* Adds the entry with a message made from the format. */
static void PRINTF_LIKE(3, 0)
    diagnostics_vadd(struct diagnostics *diagnostics, struct diagnostic entry, const char *format,
                     va_list args)
{
    scoped_text struct text message = {0};

    text_vappendf(&message, format, args);
    entry.message = text_get(&message);
    diagnostics_add(diagnostics, &entry);
}

void diagnostics_error(struct diagnostics *diagnostics, struct position at, const char *path,
                       const char *format, ...)
{
    struct diagnostic entry = {.severity = SEVERITY_ERROR, .at = at, .path = path};
    va_list args;

    va_start(args, format);
    diagnostics_vadd(diagnostics, entry, format, args);
    va_end(args);
}

void diagnostics_warning(struct diagnostics *diagnostics, struct position at, const char *path,
                         const char *format, ...)
{
    struct diagnostic entry = {.severity = SEVERITY_WARNING, .at = at, .path = path};
    va_list args;

    va_start(args, format);
    diagnostics_vadd(diagnostics, entry, format, args);
    va_end(args);
}

size_t diagnostics_count(const struct diagnostics *diagnostics, enum severity severity)
{
    return diagnostics->counts[severity];
}

size_t diagnostics_length(const struct diagnostics *diagnostics)
{
    return diagnostics->length;
}

const struct diagnostic *diagnostics_get(const struct diagnostics *diagnostics, size_t index)
{
    return &diagnostics->entries[index];
}

static void position_print(struct position at, struct text *out)
{
    if (!at.file)
        return;
    text_append(out, at.file);
    if (at.line > 0)
        text_appendf(out, ":%u:%u", at.line, at.column);
}

/* The source line and a caret below the column, tabs kept so that both line up. */
static void source_line_print(struct position at, struct text *out)
{
    scoped_text struct text source = {0};
    const char *line, *end;
    unsigned number = 1;
    bool exists;

    if (!at.file || at.line == 0 ||
        file_read(AT_FDCWD, at.file, LIMIT_YAML_BYTES, &source, &exists, NULL) < 0 || !exists)
        return;
    line = text_get(&source);
    while (number < at.line && (end = strchr(line, '\n'))) {
        line = end + 1;
        number++;
    }
    if (number < at.line || *line == '\0')
        return;
    end = line + strcspn(line, "\r\n");
    text_appendf(out, "    %.*s\n    ", (int)(end - line > 200 ? 200 : end - line), line);
    for (unsigned i = 1; i < at.column && i <= 200 && line + i - 1 < end; i++)
        text_append_char(out, line[i - 1] == '\t' ? '\t' : ' ');
    text_append(out, "^\n");
}

static void diagnostic_print(const struct diagnostic *entry, struct text *out)
{
    if (entry->at.file) {
        position_print(entry->at, out);
        text_append(out, ": ");
    }
    text_append(out, entry->severity == SEVERITY_ERROR ? "error: " : "warning: ");
    if (entry->path && *entry->path)
        text_appendf(out, "%s: ", entry->path);
    text_append(out, entry->message);
    if (entry->hint)
        text_appendf(out, " (%s)", entry->hint);
    text_append_char(out, '\n');
    source_line_print(entry->at, out);
    if (entry->came_by.file && entry->came_by.line > 0) {
        text_appendf(out, "    %s ", entry->came_how ? entry->came_how : "came by way of");
        position_print(entry->came_by, out);
        text_append_char(out, '\n');
    }
}

/* The entries lie in one array: their addresses say which was found first. */
static int compare_places(const void *a, const void *b)
{
    const struct diagnostic *left = *(const struct diagnostic *const *)a;
    const struct diagnostic *right = *(const struct diagnostic *const *)b;
    int order = strcmp(left->at.file ? left->at.file : "", right->at.file ? right->at.file : "");

    if (order != 0)
        return order;
    if (left->at.line != right->at.line)
        return left->at.line < right->at.line ? -1 : 1;
    if (left->at.column != right->at.column)
        return left->at.column < right->at.column ? -1 : 1;
    return left < right ? -1 : left > right;
}

void diagnostics_sort(const struct diagnostics *diagnostics, const struct diagnostic **entries)
{
    for (size_t i = 0; i < diagnostics->length; i++)
        entries[i] = &diagnostics->entries[i];
    if (diagnostics->length > 1)
        qsort(entries, diagnostics->length, sizeof(*entries), compare_places);
}

void diagnostics_print(const struct diagnostics *diagnostics, struct text *out)
{
    const struct diagnostic *entries[LIMIT_DIAGNOSTICS];
    size_t total = diagnostics->counts[SEVERITY_ERROR] + diagnostics->counts[SEVERITY_WARNING];

    diagnostics_sort(diagnostics, entries);
    for (size_t i = 0; i < diagnostics->length; i++)
        diagnostic_print(entries[i], out);
    if (total > diagnostics->length)
        text_appendf(out, "and %zu more\n", total - diagnostics->length);
}
