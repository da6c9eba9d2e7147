/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/compose/shape.h"

#include <string.h>

#include "common/text.h"

const struct key *shape_find_key(const struct shape *shape, const char *name)
{
    for (size_t i = 0; shape && i < shape->n_keys; i++) {
        if (strcmp(shape->keys[i].name, name) == 0)
            return &shape->keys[i];
    }
    return NULL;
}

const struct shape *shape_of_entry(const struct shape *shape, const char *name)
{
    const struct key *key;

    if (!shape || !(shape->forms & FORM_MAP))
        return NULL;
    if (!shape->keys)
        return shape->each;
    key = shape_find_key(shape, name);
    return key ? key->shape : NULL;
}

const struct shape *shape_of_item(const struct shape *shape)
{
    return shape && (shape->forms & FORM_LIST) ? shape->item : NULL;
}

const char *shape_suggest_key(struct arena *arena, const struct shape *shape, const char *name)
{
    const char **names = arena_new_array(arena, const char *, shape->n_keys + 1);

    for (size_t i = 0; i < shape->n_keys; i++)
        names[i] = shape->keys[i].name;
    return string_suggest(name, names, shape->n_keys);
}

bool is_extension(const char *name)
{
    return name[0] == 'x' && name[1] == '-';
}
