/* SPDX-License-Identifier: Apache-2.0 */
#include "common/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <string.h>

#include "common/text.h"

/* Blocks double, so that a small arena is small: a supervisor has several for each container. */
enum { ARENA_FIRST_BYTES = 1024, ARENA_BLOCK_BYTES = 32 * 1024 };

struct arena_block {
    struct arena_block *next;
    size_t used, size;
    alignas(max_align_t) unsigned char bytes[];
};

struct arena {
    struct arena_block *blocks;
};

static struct arena_block *arena_block_new(size_t size)
{
    struct arena_block *block;

    if (size > SIZE_MAX - sizeof(*block))
        abort();
    block = calloc(1, sizeof(*block) + size);
    if (!block)
        abort();
    block->size = size;
    return block;
}

struct arena *arena_new(void)
{
    struct arena *arena = calloc(1, sizeof(*arena));

    if (!arena)
        abort();
    return arena;
}

void arena_free(struct arena *arena)
{
    struct arena_block *next;

    if (!arena)
        return;
    for (struct arena_block *block = arena->blocks; block; block = next) {
        next = block->next;
        free(block);
    }
    free(arena);
}

void *arena_alloc(struct arena *arena, size_t size)
{
    struct arena_block *block = arena->blocks;
    size_t rounded;
    void *place;

    if (size > SIZE_MAX / 2)
        abort();
    rounded = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);

    if (rounded > ARENA_BLOCK_BYTES / 4 && (!block || block->size - block->used < rounded)) {
        /* A large object gets a block of its own behind the current one, which stays in use. */
        struct arena_block *large = arena_block_new(rounded);

        large->used = rounded;
        if (block) {
            large->next = block->next;
            block->next = large;
        } else {
            arena->blocks = large;
        }
        return large->bytes;
    }
    if (!block || block->size - block->used < rounded) {
        size_t wanted = block ? block->size * 2 : ARENA_FIRST_BYTES;

        while (wanted < rounded)
            wanted *= 2;
        block = arena_block_new(wanted < ARENA_BLOCK_BYTES ? wanted : ARENA_BLOCK_BYTES);
        block->next = arena->blocks;
        arena->blocks = block;
    }
    place = block->bytes + block->used;
    block->used += rounded;
    return place;
}

void *arena_array(struct arena *arena, size_t size, size_t count)
{
    size_t bytes;

    if (__builtin_mul_overflow(size, count, &bytes))
        abort();
    return arena_alloc(arena, bytes);
}

void *arena_array_room(struct arena *arena, void *items, size_t size, size_t count)
{
    void *larger;

    if ((count & (count - 1)) != 0)
        return items;
    larger = arena_array(arena, size, count ? count * 2 : 1);
    if (count > 0)
        memcpy(larger, items, count * size);
    return larger;
}

char *arena_strndup(struct arena *arena, const char *text, size_t length)
{
    char *copy = arena_alloc(arena, length + 1);

    memcpy(copy, text, length);
    return copy;
}

char *arena_strdup(struct arena *arena, const char *text)
{
    return text ? arena_strndup(arena, text, strlen(text)) : NULL;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
    scoped_text struct text text = {0};
    va_list args;

    va_start(args, format);
    text_vappendf(&text, format, args);
    va_end(args);
    return arena_strndup(arena, text_get(&text), text.length);
}

void string_list_add(struct arena *arena, struct string_list *list, const char *text)
{
    /* Room is made in powers of two, one slot more for the closing NULL. */
    if ((list->count & (list->count + 1)) == 0) {
        const char **items = arena_new_array(arena, const char *, (list->count + 1) * 2);

        if (list->count > 0)
            memcpy(items, list->items, list->count * sizeof(*items));
        list->items = items;
    }
    list->items[list->count++] = text;
    list->items[list->count] = NULL;
}

bool string_list_has(const struct string_list *list, const char *text)
{
    for (size_t i = 0; i < list->count; i++)
        if (string_eq(list->items[i], text))
            return true;
    return false;
}

struct string_list string_list_copy(struct arena *arena, struct string_list list)
{
    struct string_list copy = {0};

    for (size_t i = 0; i < list.count; i++)
        string_list_add(arena, &copy, arena_strdup(arena, list.items[i]));
    return copy;
}

static int compare_strings(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void string_list_sort(struct string_list *list)
{
    if (list->count > 1)
        qsort(list->items, list->count, sizeof(*list->items), compare_strings);
}
