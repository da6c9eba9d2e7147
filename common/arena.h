/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that is freed at once: parsed data (nodes, project, plan, specs) lives in one arena.
 *
 * Blocks are zeroed. Allocation never fails; it aborts. Callers bound sizes that come from outside
 * first.
 */
#ifndef YAWL_COMMON_ARENA_H
#define YAWL_COMMON_ARENA_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/cleanup.h"

struct arena;

struct arena *arena_new(void);
void arena_free(struct arena *arena);
DEFINE_SCOPED(struct arena *, arena_free)

void *arena_alloc(struct arena *arena, size_t size);
char *arena_strdup(struct arena *arena, const char *text);
char *arena_strndup(struct arena *arena, const char *text, size_t length);
char *arena_printf(struct arena *arena, const char *format, ...) PRINTF_LIKE(2, 3);

#define arena_new_object(arena, type) ((type *)arena_alloc((arena), sizeof(type)))
#define arena_new_array(arena, type, count) ((type *)arena_array((arena), sizeof(type), (count)))
void *arena_array(struct arena *arena, size_t size, size_t count);

/* Room for one item more behind the `count` that there are: `items` or a larger copy. An array must
 * have grown by this alone; it grows in powers of two. */
#define arena_room(arena, items, count)                                                            \
    ((__typeof__(items))arena_array_room((arena), (items), sizeof(*(items)), (count)))
void *arena_array_room(struct arena *arena, void *items, size_t size, size_t count);

/* An ordered list of strings, both in an arena. items[count] is always NULL once something was
 * added. */
struct string_list {
    const char **items;
    size_t count;
};

/* Appends; the text is borrowed (copy it into the arena first when it does not live there). */
void string_list_add(struct arena *arena, struct string_list *list, const char *text);

/* In the order of bytes. */
void string_list_sort(struct string_list *list);

bool string_list_has(const struct string_list *list, const char *text);

/* A copy of list and texts in the arena. */
struct string_list string_list_copy(struct arena *arena, struct string_list list);

#endif
