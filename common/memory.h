/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Single objects on the heap, for what lives and dies on its own; parsed data belongs in an arena.
 *
 * Allocation never fails; it aborts. Callers bound sizes that come from outside first.
 */
#ifndef YAWL_COMMON_MEMORY_H
#define YAWL_COMMON_MEMORY_H

#include <stddef.h>

#include "common/cleanup.h"

/* A zeroed object; the caller frees it with free(). */
#define memory_new(type) ((type *)memory_alloc(sizeof(type)))
void *memory_alloc(size_t size);

char *memory_strdup(const char *text);

/* Room for `count` elements of `size` bytes; what is new is not zeroed. Frees nothing on overflow:
 * it aborts. */
void *memory_resize(void *take_memory, size_t count, size_t size);

/* Makes room for one more element at the end of an array that grows by doubling. */
#define memory_grow(array, count, capacity)                                                        \
    ((array) = memory_grown((array), (count), &(capacity), sizeof(*(array))))
void *memory_grown(void *take_array, size_t count, size_t *capacity, size_t size);

#endif
