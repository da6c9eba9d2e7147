/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "orchestrator/compose/print.h"

/* Decodes one character; bad bytes are themselves. */
static uint32_t next_rune(const unsigned char **p)
{
    static const unsigned char masks[] = {0x7f, 0x1f, 0x0f, 0x07};
    unsigned char first = *(*p)++;
    size_t more = first < 0xc2 ? 0 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
    uint32_t rune = first & (more ? masks[more] : 0xffu);

    for (; more > 0 && (**p & 0xc0) == 0x80; more--)
        rune = rune << 6 | (*(*p)++ & 0x3fu);
    return rune;
}

static bool is_digit(uint32_t rune)
{
    return rune >= '0' && rune <= '9';
}

static bool is_letter(uint32_t rune)
{
    return rune < 0x80 ? isalpha((int)rune) != 0 : rune != 0x00b7;
}

/* A number at the place where two names differ, with the zeros before it. */
struct run {
    uint64_t value;
    size_t length;
};

static struct run read_run(const unsigned char *p, uint64_t value)
{
    struct run run = {value, 0};

    for (; is_digit(p[run.length]); run.length++)
        run.value = run.value * 10 + p[run.length] - '0';
    return run;
}

/* Names are compared by letters, and by value where both have numbers: a2 comes before a10. Zeros
 * that begin to differ inside a number count as digits of it. */
static int compare_tails(const unsigned char *start, const unsigned char *a, const unsigned char *b)
{
    struct run left, right;
    uint64_t carried = 0;

    if (*a == '0' || *b == '0') {
        for (const unsigned char *p = a; p > start && is_digit(p[-1]); p--)
            carried |= p[-1] != '0';
    }
    left = read_run(a, carried);
    right = read_run(b, carried);
    if (left.value != right.value)
        return left.value < right.value ? -1 : 1;
    if (left.length != right.length)
        return left.length < right.length ? -1 : 1;
    return 0;
}

static int compare_natural(const char *left, const char *right)
{
    const unsigned char *a = (const unsigned char *)left, *b = (const unsigned char *)right;
    bool digits = false;
    int order;

    while (*a && *b) {
        const unsigned char *a_at = a, *b_at = b;
        uint32_t a_rune = next_rune(&a), b_rune = next_rune(&b);
        bool a_letter = is_letter(a_rune), b_letter = is_letter(b_rune);

        if (a_rune == b_rune) {
            digits = is_digit(a_rune);
            continue;
        }
        if (a_letter && b_letter)
            return a_rune < b_rune ? -1 : 1;
        if (a_letter || b_letter)
            return (digits ? a_letter : b_letter) ? -1 : 1;
        order = compare_tails((const unsigned char *)left, a_at, b_at);
        return order ? order : a_rune < b_rune ? -1 : 1;
    }
    return *b ? -1 : *a ? 1 : 0;
}

static int by_nature(const void *a, const void *b)
{
    const struct node_entry *const *left = a, *const *right = b;

    return compare_natural((*left)->key, (*right)->key);
}

static int by_bytes(const void *a, const void *b)
{
    const struct node_entry *const *left = a, *const *right = b;

    return strcmp((*left)->key, (*right)->key);
}

/* The table's rows that the mapping has, in the table's order; returns how many. */
static size_t take_rows(const struct node *map, const struct shape *shape,
                        const struct node_entry **entries)
{
    size_t count = 0;

    for (size_t i = 0; shape && i < shape->n_keys; i++) {
        const struct node_entry *entry = node_find(map, shape->keys[i].name);

        if (!entry || (shape->keys[i].flags & KEY_HIDDEN))
            continue;
        if (!(shape->keys[i].flags & KEY_OPT_OUT) || !node_get_bool(map, entry->key))
            entries[count++] = entry;
    }
    return count;
}

const struct node_entry **print_sorted(const struct node *map, const struct shape *shape,
                                       enum print_order order)
{
    const struct node_entry **entries =
        memory_alloc((map->map.count + 1) * sizeof(const struct node_entry *));
    bool has_table = shape && shape->keys;
    size_t count, rows;

    rows = count = take_rows(map, shape, entries);
    for (size_t i = 0; i < map->map.count; i++) {
        const struct node_entry *entry = &map->map.entries[i];

        if (!has_table || !shape_find_key(shape, entry->key))
            entries[count++] = entry;
    }
    qsort(entries + rows, count - rows, sizeof(*entries),
          order == ORDER_NATURAL ? by_nature : by_bytes);
    return entries;
}
