/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/compose/variables.h"

#include <stdint.h>
#include <string.h>

struct variables {
    struct arena *arena;
    struct variable *items;
    size_t count, capacity;
    uint32_t *slots; /* item number + 1, 0 is free; as many as twice the capacity */
    size_t n_slots;
};

enum { FIRST_CAPACITY = 64 };

static size_t hash_name(const char *name)
{
    uint64_t hash = 1469598103934665603u;

    for (; *name; name++)
        hash = (hash ^ (unsigned char)*name) * 1099511628211u;
    return (size_t)(hash ^ (hash >> 29));
}

static uint32_t *slot_of(const struct variables *variables, const char *name)
{
    size_t slot = hash_name(name) & (variables->n_slots - 1);

    while (variables->slots[slot] &&
           strcmp(variables->items[variables->slots[slot] - 1].name, name) != 0)
        slot = (slot + 1) & (variables->n_slots - 1);
    return &variables->slots[slot];
}

static void make_room(struct variables *variables)
{
    size_t capacity = variables->capacity ? variables->capacity * 2 : FIRST_CAPACITY;
    struct variable *items = arena_new_array(variables->arena, struct variable, capacity);

    if (variables->count)
        memcpy(items, variables->items, variables->count * sizeof(*items));
    variables->items = items;
    variables->capacity = capacity;
    variables->n_slots = capacity * 2;
    variables->slots = arena_new_array(variables->arena, uint32_t, variables->n_slots);
    for (size_t i = 0; i < variables->count; i++)
        *slot_of(variables, items[i].name) = (uint32_t)i + 1;
}

struct variables *variables_new(struct arena *arena)
{
    struct variables *variables = arena_new_object(arena, struct variables);

    variables->arena = arena;
    make_room(variables);
    return variables;
}

struct variables *variables_copy(const struct variables *variables)
{
    struct variables *copy = variables_new(variables->arena);

    for (size_t i = 0; i < variables->count; i++)
        variables_set(copy, variables->items[i]);
    return copy;
}

/* The upper one and all that it hides hide the lower one. */
static void lay_below(struct variables *variables, struct variable *upper, struct variable lower)
{
    const struct variable **link = &upper->shadows;
    struct variable *copy;

    /* Links are shared with copies of the set. */
    for (; *link; link = &copy->shadows) {
        copy = arena_new_object(variables->arena, struct variable);
        *copy = **link;
        *link = copy;
    }
    copy = arena_new_object(variables->arena, struct variable);
    *copy = lower;
    *link = copy;
}

static bool is_known(const struct variable *variable, struct position at)
{
    for (; variable; variable = variable->shadows) {
        if (at.file && variable->at.file && variable->at.line == at.line &&
            strcmp(variable->at.file, at.file) == 0)
            return true;
    }
    return false;
}

void variables_add(struct variables *variables, struct variable variable)
{
    const uint32_t *slot = slot_of(variables, variable.name);

    /* The `.env` of the project may have been read as that of the working directory. */
    if (*slot && is_known(&variables->items[*slot - 1], variable.at))
        return;
    if (*slot)
        lay_below(variables, &variables->items[*slot - 1], variable);
    else
        variables_set(variables, variable);
}

void variables_set(struct variables *variables, struct variable variable)
{
    uint32_t *slot = slot_of(variables, variable.name);

    if (*slot) {
        struct variable *place = &variables->items[*slot - 1];

        lay_below(variables, &variable, *place);
        *place = variable;
        return;
    }
    if (variables->count == variables->capacity) {
        make_room(variables);
        slot = slot_of(variables, variable.name);
    }
    variables->items[variables->count++] = variable;
    *slot = (uint32_t)variables->count;
}

const struct variable *variables_find(const struct variables *variables, const char *name)
{
    uint32_t number = *slot_of(variables, name);

    return number ? &variables->items[number - 1] : NULL;
}

const char *variables_get(const struct variables *variables, const char *name)
{
    const struct variable *variable = variables_find(variables, name);

    return variable ? variable->value : NULL;
}

size_t variables_count(const struct variables *variables)
{
    return variables->count;
}

const struct variable *variables_at(const struct variables *variables, size_t index)
{
    return &variables->items[index];
}

void variables_add_environment(struct variables *variables, const char *const *environment)
{
    for (; environment && *environment; environment++) {
        const char *equals = strchr(*environment, '=');
        struct variable variable = {0};

        if (!equals || equals == *environment)
            continue;
        variable.name =
            arena_strndup(variables->arena, *environment, (size_t)(equals - *environment));
        variable.value = equals + 1;
        variables_set(variables, variable);
    }
}
