/* SPDX-License-Identifier: Apache-2.0 */
#include "common/memory.h"

#include <stdlib.h>
#include <string.h>

void *memory_alloc(size_t size)
{
    void *memory = calloc(1, size > 0 ? size : 1);

    if (!memory)
        abort();
    return memory;
}

char *memory_strdup(const char *text)
{
    char *copy = strdup(text);

    if (!copy)
        abort();
    return copy;
}

void *memory_resize(void *take_memory, size_t count, size_t size)
{
    void *memory = reallocarray(take_memory, count > 0 ? count : 1, size);

    if (!memory)
        abort();
    return memory;
}

void *memory_grown(void *take_array, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity)
        return take_array;
    *capacity = *capacity > 0 ? *capacity * 2 : 8;
    return memory_resize(take_array, *capacity, size);
}
