/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/build/scope.h"

#include <string.h>

#include "common/text.h"
#include "runtime/build/build_limits.h"

struct scope *scope_new(struct arena *arena)
{
    struct scope *scope = arena_new_object(arena, struct scope);

    scope->arena = arena;
    scope->bytes = arena_new_object(arena, size_t);
    return scope;
}

struct scope *scope_copy(const struct scope *scope)
{
    struct scope *copy = arena_new_object(scope->arena, struct scope);

    *copy = *scope;
    copy->capacity = scope->count;
    copy->items = arena_new_array(scope->arena, struct variable, scope->count);
    if (scope->count > 0)
        memcpy(copy->items, scope->items, scope->count * sizeof(*copy->items));
    return copy;
}

static struct variable *find(const struct scope *scope, const char *name)
{
    for (size_t i = 0; i < scope->count; i++) {
        if (strcmp(scope->items[i].name, name) == 0)
            return &scope->items[i];
    }
    return NULL;
}

const struct variable *scope_find(const struct scope *scope, const char *name)
{
    return find(scope, name);
}

static void grow(struct scope *scope)
{
    size_t capacity = scope->capacity ? scope->capacity * 2 : 16;
    struct variable *items = arena_new_array(scope->arena, struct variable, capacity);

    if (scope->count > 0)
        memcpy(items, scope->items, scope->count * sizeof(*items));
    scope->items = items;
    scope->capacity = capacity;
}

/* The entry of that name, new when there is none, once there is room for the texts. */
static struct variable *enter(struct scope *scope, const char *name, const char *value,
                              struct error *err)
{
    struct variable *variable = find(scope, name);
    size_t bytes = strlen(name) + (value ? strlen(value) : 0);

    if (bytes > LIMIT_SCOPE_BYTES - *scope->bytes) {
        (void)error_set(err, "the values of all variables are too long");
        return NULL;
    }
    if (!variable && scope->count == LIMIT_SCOPE_VARIABLES) {
        (void)error_set(err, "there are too many variables");
        return NULL;
    }
    *scope->bytes += bytes;
    if (!variable) {
        if (scope->count == scope->capacity)
            grow(scope);
        variable = &scope->items[scope->count++];
        variable->name = arena_strdup(scope->arena, name);
    }
    return variable;
}

int scope_set_env(struct scope *scope, const char *name, const char *value, struct error *err)
{
    struct variable *variable = enter(scope, name, value, err);

    if (!variable)
        return -1;
    variable->value = variable->env = arena_strdup(scope->arena, value);
    return 0;
}

int scope_set_arg(struct scope *scope, const char *name, const char *value, struct error *err)
{
    struct variable *variable = enter(scope, name, value, err);

    if (!variable)
        return -1;
    variable->is_arg = true;
    if (value)
        variable->value = arena_strdup(scope->arena, value);
    return 0;
}

int scope_set_environment(struct scope *scope, const struct string_list *environment,
                          struct error *err)
{
    for (size_t i = 0; i < environment->count; i++) {
        const char *entry = environment->items[i], *equals = strchr(entry, '=');
        scoped_text struct text name = {0};

        if (!equals)
            continue;
        text_append_bytes(&name, entry, (size_t)(equals - entry));
        if (scope_set_env(scope, text_get(&name), equals + 1, err) < 0)
            return -1;
    }
    return 0;
}
