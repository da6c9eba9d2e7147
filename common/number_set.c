/* SPDX-License-Identifier: Apache-2.0 */
#include "common/number_set.h"

#include <ctype.h>
#include <stddef.h>
#include <stdlib.h>

/* Goes on to behind the number. */
static bool take_number(const char **text, unsigned long *ret_number)
{
    char *end;

    if (!isdigit((unsigned char)**text))
        return false;
    *ret_number = strtoul(*text, &end, 10);
    *text = end;
    return *ret_number < NUMBER_SET_MAX;
}

bool number_set_parse(const char *list, struct number_set *ret_set)
{
    struct number_set set = {{0}};

    while (*list && *list != '\n') {
        unsigned long first, last;

        if (!take_number(&list, &first))
            return false;
        last = first;
        if (*list == '-') {
            list++;
            if (!take_number(&list, &last) || first > last)
                return false;
        }
        for (unsigned long i = first; i <= last; i++)
            set.words[i / NUMBER_SET_WORD_BITS] |= 1UL << (i % NUMBER_SET_WORD_BITS);
        if (*list && *list != ',' && *list != '\n')
            return false;
        list += *list == ',';
    }
    *ret_set = set;
    return true;
}

bool number_set_is_empty(const struct number_set *set)
{
    static const struct number_set empty = {{0}};

    return number_set_within(set, &empty);
}

bool number_set_within(const struct number_set *inner, const struct number_set *outer)
{
    for (size_t i = 0; i < NUMBER_SET_WORDS; i++)
        if (inner->words[i] & ~outer->words[i])
            return false;
    return true;
}
