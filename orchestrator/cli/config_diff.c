/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/config_diff.h"

#include "common/text.h"

struct diff {
    struct arena *arena;
    struct config_field *first, **end;
};

static const char *value_text(struct diff *diff, json_t *value)
{
    scoped_text struct text text = {0};

    if (!value)
        return NULL;
    json_format(value, &text);
    return arena_strdup(diff->arena, text_get(&text));
}

static void field_add(struct diff *diff, const char *path, json_t *old, json_t *new)
{
    struct config_field *field = arena_new_object(diff->arena, struct config_field);

    *field = (struct config_field){
        .path = path, .old_value = value_text(diff, old), .new_value = value_text(diff, new)};
    *diff->end = field;
    diff->end = &field->next;
}

static void value_diff(struct diff *diff, const char *path, json_t *old, json_t *new);

static const char *path_below(struct diff *diff, const char *path, const char *key)
{
    return *path ? arena_printf(diff->arena, "%s.%s", path, key) : arena_strdup(diff->arena, key);
}

static void object_diff(struct diff *diff, const char *path, json_t *old, json_t *new)
{
    const char *key;
    json_t *value;

    json_object_foreach(old, key, value)
        value_diff(diff, path_below(diff, path, key), value, json_object_get(new, key));
    json_object_foreach(new, key, value)
        if (!json_object_get(old, key))
            value_diff(diff, path_below(diff, path, key), NULL, value);
}

static size_t times_in(json_t *array, size_t end, json_t *value)
{
    size_t count = 0;

    for (size_t i = 0; i < end; i++)
        count += json_equal(json_array_get(array, i), value) != 0;
    return count;
}

/* Items that one of them has more often than the other; what only moved is no difference. */
static void items_diff(struct diff *diff, const char *path, json_t *old, json_t *new)
{
    size_t n_old = json_array_size(old), n_new = json_array_size(new);

    for (size_t i = 0; i < n_old; i++) {
        json_t *item = json_array_get(old, i);

        if (times_in(old, i + 1, item) > times_in(new, n_new, item))
            field_add(diff, arena_printf(diff->arena, "%s[%zu]", path, i), item, NULL);
    }
    for (size_t i = 0; i < n_new; i++) {
        json_t *item = json_array_get(new, i);

        if (times_in(new, i + 1, item) > times_in(old, n_old, item))
            field_add(diff, arena_printf(diff->arena, "%s[%zu]", path, i), NULL, item);
    }
}

/* Lists of the same length are compared item by item: one was edited. */
static void array_diff(struct diff *diff, const char *path, json_t *old, json_t *new)
{
    if (json_array_size(old) != json_array_size(new)) {
        items_diff(diff, path, old, new);
        return;
    }
    for (size_t i = 0; i < json_array_size(old); i++)
        value_diff(diff, arena_printf(diff->arena, "%s[%zu]", path, i), json_array_get(old, i),
                   json_array_get(new, i));
}

static void value_diff(struct diff *diff, const char *path, json_t *old, json_t *new)
{
    if (json_equal(old, new))
        return;
    if (json_is_object(old) && json_is_object(new))
        object_diff(diff, path, old, new);
    else if (json_is_array(old) && json_is_array(new))
        array_diff(diff, path, old, new);
    else if (json_is_object(new) && !old)
        object_diff(diff, path, NULL, new);
    else
        field_add(diff, path, old, new);
}

struct config_field *config_diff(json_t *old, json_t *new, struct arena *arena)
{
    struct diff diff = {.arena = arena};

    diff.end = &diff.first;
    if (old && new)
        value_diff(&diff, "", old, new);
    return diff.first;
}
