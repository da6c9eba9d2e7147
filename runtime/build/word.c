/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/build/word.h"

void word_list_add(struct arena *arena, struct word_list *list, struct word word)
{
    list->items = arena_room(arena, list->items, list->count);
    list->items[list->count++] = word;
}

bool char_is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

const char *skip_blanks(const char *text, const char *end)
{
    while (text < end && char_is_blank(*text))
        text++;
    return text;
}

const char *trim_end(const char *text, const char *end)
{
    while (end > text && char_is_blank(end[-1]))
        end--;
    return end;
}
