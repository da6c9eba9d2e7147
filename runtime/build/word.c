/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/build/word.h"

#include <string.h>

void word_list_add(struct arena *arena, struct word_list *list, struct word word)
{
    /* Room is made in powers of two. */
    if ((list->count & (list->count - 1)) == 0) {
        struct word *items = arena_new_array(arena, struct word, list->count ? list->count * 2 : 1);

        if (list->count > 0)
            memcpy(items, list->items, list->count * sizeof(*items));
        list->items = items;
    }
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
