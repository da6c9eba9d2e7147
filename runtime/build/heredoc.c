/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/build/heredoc.h"

#include <ctype.h>
#include <string.h>

#include "common/text.h"
#include "runtime/build/build_limits.h"
#include "runtime/build/word.h"

/* The end of the word at `text`, quoted blanks included; NULL when a quote is not closed. */
static const char *word_end(const char *text, const char *end)
{
    char quote = '\0';
    const char *p = text;

    for (; p < end && (quote || !char_is_blank(*p)); p++) {
        if (*p == '\\' && quote != '\'' && p + 1 < end)
            p++;
        else if (quote ? *p == quote : *p == '\'' || *p == '"')
            quote = quote ? '\0' : *p;
    }
    return quote ? NULL : p;
}

/* Splits the word's digits, "<<", "-" and name; the name still has its quotes. False when it opens
 * no here-document. */
static bool parse_opener(const char *text, const char *end, struct heredoc *ret_heredoc,
                         const char **ret_name)
{
    struct heredoc heredoc = {.expand = true};
    const char *p = text;

    for (; p < end && isdigit((unsigned char)*p); p++)
        heredoc.descriptor = heredoc.descriptor * 10 % 100000 + (unsigned)(*p - '0');
    if (end - p < 3 || p[0] != '<' || p[1] != '<')
        return false;
    p += 2;
    heredoc.strip_tabs = *p == '-';
    p += heredoc.strip_tabs;
    *ret_heredoc = heredoc;
    *ret_name = p;
    return true;
}

static char *unquote(struct arena *arena, const char *text, const char *end, bool *ret_quoted)
{
    scoped_text struct text name = {0};
    char quote = '\0';

    for (const char *p = text; p < end; p++) {
        if (*p == '\\' && quote != '\'' && p + 1 < end) {
            text_append_char(&name, *++p);
        } else if (quote ? *p == quote : *p == '\'' || *p == '"') {
            quote = quote ? '\0' : *p;
            *ret_quoted = true;
        } else {
            text_append_char(&name, *p);
        }
    }
    return arena_strdup(arena, text_get(&name));
}

/* All lines up to the one that is the name; false when there is none. */
static bool read_content(struct line_reader *reader, struct heredoc *heredoc)
{
    scoped_text struct text content = {0};
    struct physical_line line;
    size_t name_length = strlen(heredoc->name);

    heredoc->first_line = reader->line;
    while (line_reader_take(reader, &line)) {
        size_t tabs = 0;

        while (heredoc->strip_tabs && tabs < line.length && line.text[tabs] == '\t')
            tabs++;
        if (line.length - tabs == name_length &&
            memcmp(line.text + tabs, heredoc->name, name_length) == 0) {
            heredoc->content = arena_strndup(reader->arena, text_get(&content), content.length);
            return true;
        }
        text_append_bytes(&content, line.text + tabs, (size_t)(line.next - line.text) - tabs);
    }
    return false;
}

static void list_add(struct arena *arena, struct heredoc_list *list, struct heredoc heredoc)
{
    list->items = arena_room(arena, list->items, list->count);
    list->items[list->count++] = heredoc;
}

static bool quotes_close(const char *text, const char *end)
{
    while ((text = skip_blanks(text, end)) < end) {
        text = word_end(text, end);
        if (!text)
            return false;
    }
    return true;
}

static void find_openers(struct arena *arena, const struct heredoc_scan *scan,
                         struct heredoc_list *list)
{
    const char *start = scan->line->text, *end = start + scan->line->length;
    const char *p = start + scan->offset, *close;

    while ((p = skip_blanks(p, end)) < end && list->count < LIMIT_INSTRUCTION_HEREDOCS) {
        struct heredoc heredoc;
        const char *name;
        bool quoted = false;

        close = word_end(p, end);
        if (!parse_opener(p, end, &heredoc, &name)) {
            p = close;
            continue;
        }
        if (scan->blanks)
            name = skip_blanks(name, end);
        close = word_end(name, end);
        if (close > name && !memchr(name, '<', (size_t)(close - name))) {
            heredoc.at = logical_line_at(scan->line, (size_t)(p - start));
            heredoc.name = unquote(arena, name, close, &quoted);
            heredoc.expand = !quoted;
            list_add(arena, list, heredoc);
        }
        p = close;
    }
}

void heredoc_list_read(struct line_reader *reader, const struct heredoc_scan *scan,
                       struct diagnostics *diagnostics, struct heredoc_list *ret_list)
{
    const char *start = scan->line->text, *end = start + scan->line->length;
    struct heredoc_list list = {0};

    if (strstr(start + scan->offset, "<<") && quotes_close(start + scan->offset, end))
        find_openers(reader->arena, scan, &list);
    if (list.count == LIMIT_INSTRUCTION_HEREDOCS)
        diagnostics_error(diagnostics, list.items[0].at, scan->path, "too many here-documents");
    for (size_t i = 0; i < list.count; i++) {
        if (read_content(reader, &list.items[i]))
            continue;
        diagnostics_error(diagnostics, list.items[i].at, scan->path,
                          "the here-document has no end: no line is '%s'", list.items[i].name);
        list.count = i;
    }
    *ret_list = list;
}
