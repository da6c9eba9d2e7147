/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/build/arguments.h"

#include <string.h>

#include "common/json.h"
#include "common/text.h"
#include "runtime/build/build_limits.h"

struct arguments arguments_from(const struct logical_line *line, size_t offset)
{
    const char *end = trim_end(line->text + offset, line->text + line->length);

    return (struct arguments){line, skip_blanks(line->text + offset, end), end};
}

static struct position position_of(const struct arguments *arguments, const char *place)
{
    return logical_line_at(arguments->line, (size_t)(place - arguments->line->text));
}

static struct word slice(const struct arguments *arguments, struct arena *arena, const char *text,
                         const char *end)
{
    return (struct word){arena_strndup(arena, text, (size_t)(end - text)),
                         position_of(arguments, text)};
}

struct word arguments_text(const struct arguments *arguments, struct arena *arena)
{
    return slice(arguments, arena, arguments->text, arguments->end);
}

static const char *blank_after(const char *text, const char *end)
{
    while (text < end && !char_is_blank(*text))
        text++;
    return text;
}

struct word arguments_take(struct arguments *arguments, struct arena *arena)
{
    const char *end = blank_after(arguments->text, arguments->end);
    struct word word = slice(arguments, arena, arguments->text, end);

    arguments->text = skip_blanks(end, arguments->end);
    return word;
}

void arguments_split(const struct arguments *arguments, struct arena *arena,
                     struct word_list *ret_words)
{
    struct arguments rest = *arguments;
    struct word_list words = {0};

    while (rest.text < rest.end && words.count <= LIMIT_INSTRUCTION_WORDS)
        word_list_add(arena, &words, arguments_take(&rest, arena));
    *ret_words = words;
}

struct arguments arguments_take_quoted(struct arguments *arguments, char escape)
{
    struct arguments word = *arguments;
    const char *p = arguments->text, *end = arguments->end;
    char quote = '\0';

    for (; p < end && (quote || !char_is_blank(*p)); p++) {
        if (*p == escape && quote != '\'' && p + 1 < end)
            p++;
        else if (quote ? *p == quote : *p == '\'' || *p == '"')
            quote = quote ? '\0' : *p;
    }
    word.end = p;
    arguments->text = skip_blanks(p, end);
    return word;
}

/* The next string of an array that is known to hold only strings: to its opening quote. */
static const char *next_quote(const char *text)
{
    while (*text != '"')
        text++;
    return text;
}

static const char *closing_quote(const char *text)
{
    for (text++; *text != '"'; text++)
        text += *text == '\\';
    return text;
}

enum json_form arguments_read_json(const struct arguments *arguments, struct arena *arena,
                                   struct word_list *ret_words)
{
    scoped(json_release) json_t *array = NULL;
    struct word_list words = {0};
    const char *place = arguments->text;
    const json_t *item;
    size_t i;

    if (place == arguments->end || *place != '[')
        return JSON_NONE;
    array = json_parse(place, (size_t)(arguments->end - place), NULL);
    if (!array)
        return JSON_NONE;
    json_array_foreach(array, i, item) {
        if (!json_is_string(item))
            return JSON_OTHERS;
        place = next_quote(place);
        word_list_add(arena, &words,
                      (struct word){arena_strdup(arena, json_string_value(item)),
                                    position_of(arguments, place)});
        place = closing_quote(place) + 1;
    }
    *ret_words = words;
    return JSON_STRINGS;
}
