/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/worker/dir_table.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "common/arena.h"
#include "common/memory.h"

/* Open addressing: a slot holds the record's number plus one. Slots are at most half full. */
struct dir_table {
    struct arena *names;
    struct dir_record *records;
    size_t count, capacity;
    size_t *slots;
    size_t n_slots; /* a power of two */
};

enum { FIRST_SLOTS = 1024 };

struct dir_table *dir_table_new(void)
{
    struct dir_table *table = memory_new(struct dir_table);

    table->names = arena_new();
    table->n_slots = FIRST_SLOTS;
    table->slots = memory_alloc(table->n_slots * sizeof(*table->slots));
    return table;
}

void dir_table_free(struct dir_table *table)
{
    if (!table)
        return;
    arena_free(table->names);
    free(table->records);
    free(table->slots);
    free(table);
}

/* FNV-1a. Collisions that somebody made up cost time, of which LIMIT_LAYER_ENTRIES bounds the sum.
 */
static size_t hash_of(const char *path)
{
    uint64_t hash = UINT64_C(14695981039346656037);

    for (; *path; path++)
        hash = (hash ^ (unsigned char)*path) * UINT64_C(1099511628211);
    return (size_t)(hash ^ hash >> 32);
}

/* The slot that holds the path, or the empty one where it belongs. */
static size_t slot_of(const struct dir_table *table, const char *path)
{
    size_t at = hash_of(path) & (table->n_slots - 1);

    while (table->slots[at] != 0 && strcmp(table->records[table->slots[at] - 1].path, path) != 0)
        at = (at + 1) & (table->n_slots - 1);
    return at;
}

static void widen(struct dir_table *table)
{
    free(table->slots);
    table->n_slots *= 2;
    table->slots = memory_alloc(table->n_slots * sizeof(*table->slots));
    for (size_t i = 0; i < table->count; i++)
        table->slots[slot_of(table, table->records[i].path)] = i + 1;
}

struct dir_record *dir_table_find(struct dir_table *table, const char *path)
{
    size_t number = table->slots[slot_of(table, path)];

    return number ? &table->records[number - 1] : NULL;
}

struct dir_record *dir_table_get(struct dir_table *table, const char *path)
{
    struct dir_record *record = dir_table_find(table, path);

    if (record)
        return record;
    if ((table->count + 1) * 2 > table->n_slots)
        widen(table);
    memory_grow(table->records, table->count, table->capacity);
    record = &table->records[table->count];
    *record = (struct dir_record){
        .path = arena_strdup(table->names, path), .mode = 0755, .implicit = true};
    table->slots[slot_of(table, path)] = ++table->count;
    return record;
}

void dir_table_reset(struct dir_table *table, const char *path)
{
    struct dir_record *record = dir_table_get(table, path);

    *record = (struct dir_record){.path = record->path, .mode = 0755, .implicit = true};
}

void dir_table_set_default_acl(struct dir_table *table, const char *path, const void *value,
                               size_t size)
{
    struct dir_record *record = dir_table_get(table, path);
    void *copy = arena_alloc(table->names, size);

    memcpy(copy, value, size);
    record->default_acl = copy;
    record->default_acl_size = size;
}

size_t dir_table_count(const struct dir_table *table)
{
    return table->count;
}

static int deeper_first(const void *a, const void *b)
{
    const struct dir_record *left = a;
    const struct dir_record *right = b;

    return strcmp(right->path, left->path);
}

void dir_table_sort(struct dir_table *table)
{
    if (table->count > 0)
        qsort(table->records, table->count, sizeof(*table->records), deeper_first);
}

struct dir_record *dir_table_at(const struct dir_table *table, size_t index)
{
    assert(index < table->count);
    return &table->records[index];
}
