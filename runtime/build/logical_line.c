/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/build/logical_line.h"

#include <string.h>

#include "common/text.h"
#include "runtime/build/word.h"

/* A logical line while it grows. */
struct line_builder {
    struct arena *arena;
    struct text text;
    struct line_piece *pieces;
    size_t n_pieces;
};

bool line_reader_peek(const struct line_reader *reader, struct physical_line *ret_line)
{
    const char *start = reader->next, *newline, *end;

    if (start == reader->end)
        return false;
    newline = memchr(start, '\n', (size_t)(reader->end - start));
    end = newline ? newline : reader->end;
    ret_line->text = start;
    ret_line->next = newline ? newline + 1 : reader->end;
    if (end > start && end[-1] == '\r')
        end--;
    ret_line->length = (size_t)(end - start);
    return true;
}

bool line_reader_take(struct line_reader *reader, struct physical_line *ret_line)
{
    if (!line_reader_peek(reader, ret_line))
        return false;
    reader->next = ret_line->next;
    reader->line++;
    return true;
}

/* The place of the escape character that makes the line go on, or NULL. */
static const char *continuation(const struct physical_line *line, char escape)
{
    const char *end = trim_end(line->text, line->text + line->length);

    if (end == line->text || end[-1] != escape)
        return NULL;
    if (end - line->text > 1 && end[-2] == escape)
        return NULL;
    return end - 1;
}

static void builder_append(struct line_builder *builder, const char *from, const char *to,
                           struct line_piece where)
{
    if (from == to)
        return;
    where.offset = builder->text.length;
    builder->pieces = arena_room(builder->arena, builder->pieces, builder->n_pieces);
    builder->pieces[builder->n_pieces++] = where;
    text_append_bytes(&builder->text, from, (size_t)(to - from));
}

/* Adds what comes after a continuation; leaves out comments and empty lines. */
static void read_continuations(struct line_reader *reader, struct line_builder *builder,
                               struct logical_line *line)
{
    struct physical_line more;

    while (line_reader_take(reader, &more)) {
        const char *end = more.text + more.length;
        const char *first = skip_blanks(more.text, end);
        const char *escape = continuation(&more, reader->escape);
        unsigned number = reader->line - 1;

        if (first < end && *first == '#')
            continue;
        if (first == end) {
            if (line->empty_line == 0)
                line->empty_line = number;
            continue;
        }
        builder_append(builder, more.text, escape ? escape : end,
                       (struct line_piece){.line = number, .column = 1});
        if (!escape)
            return;
    }
}

/* Says whether the line is no instruction: then it is a comment, which is kept, or empty, which
 * separates the comments above from what follows. */
static bool take_comment(struct line_reader *reader, const char *first, const char *end,
                         struct string_list *comments)
{
    const char *text;

    if (first < end && *first != '#')
        return false;
    text = first < end ? skip_blanks(first + 1, end) : end;
    end = trim_end(text, end);
    if (text == end)
        *comments = (struct string_list){0};
    else
        string_list_add(reader->arena, comments,
                        arena_strndup(reader->arena, text, (size_t)(end - text)));
    return true;
}

bool line_reader_next(struct line_reader *reader, struct logical_line *ret_line)
{
    struct physical_line physical;
    struct string_list comments = {0};

    while (line_reader_take(reader, &physical)) {
        struct logical_line line = {.file = reader->file, .first_line = reader->line - 1};
        struct line_builder builder = {.arena = reader->arena};
        const char *end = physical.text + physical.length;
        const char *first = skip_blanks(physical.text, end);
        const char *escape = continuation(&physical, reader->escape);

        if (take_comment(reader, first, end, &comments))
            continue;
        builder_append(&builder, first, escape ? escape : end,
                       (struct line_piece){.line = line.first_line,
                                           .column = (unsigned)(first - physical.text) + 1});
        if (escape)
            read_continuations(reader, &builder, &line);
        line.last_line = reader->line - 1;
        line.length = builder.text.length;
        line.text = arena_strndup(reader->arena, text_get(&builder.text), line.length);
        text_done(&builder.text);
        line.pieces = builder.pieces;
        line.n_pieces = builder.n_pieces;
        line.comments = comments;
        if (*skip_blanks(line.text, line.text + line.length) == '\0')
            continue;
        *ret_line = line;
        return true;
    }
    return false;
}

struct position logical_line_at(const struct logical_line *line, size_t offset)
{
    struct position at = {line->file, line->first_line, 1};
    size_t low = 0, high = line->n_pieces;

    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;

        if (line->pieces[middle].offset <= offset)
            low = middle;
        else
            high = middle;
    }
    if (line->n_pieces > 0) {
        at.line = line->pieces[low].line;
        at.column = line->pieces[low].column + (unsigned)(offset - line->pieces[low].offset);
    }
    return at;
}
