/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/compose/support.h"

#include <string.h>

#include "common/text.h"
#include "orchestrator/compose/keys.h"

bool concerns_true(const struct node *value)
{
    return node_is(value, NODE_BOOL) && value->boolean;
}

bool concerns_false(const struct node *value)
{
    return node_is(value, NODE_BOOL) && !value->boolean;
}

bool concerns_foreign_driver(const struct node *driver)
{
    static const char *const ours[] = {"", "default", "json-file", "local", "none"};

    for (size_t i = 0; i < ARRAY_LENGTH(ours); i++) {
        if (string_eq(node_text(driver), ours[i]))
            return false;
    }
    return true;
}

bool concerns_entries(const struct node *value)
{
    return node_is(value, NODE_MAP) && value->map.count > 0;
}

struct survey {
    struct arena *arena;
    struct diagnostics *diagnostics;
    struct node *told; /* the reported rows, by their address */
};

static void report(struct survey *survey, const struct key *key, const struct node_entry *entry,
                   const struct trail *trail)
{
    const char *mark = arena_printf(survey->arena, "%p", (const void *)key);
    const char *path = trail_text(survey->arena, trail);
    const char *reason = key->reason ? key->reason : "it is not supported";

    if (node_get(survey->told, mark))
        return;
    node_put(survey->arena, survey->told, mark, entry->value);
    if (key->support == REFUSED)
        diagnostics_error(survey->diagnostics, entry->at, path, "'%s' cannot be used: %s",
                          key->name, reason);
    else
        diagnostics_warning(survey->diagnostics, entry->at, path, "'%s' has no effect%s: %s",
                            key->name, key->concerns ? " as it is here" : "", reason);
}

static void look(struct survey *survey, const struct node *node, const struct shape *shape,
                 const struct trail *trail)
{
    for (size_t i = 0; shape && node->kind == NODE_LIST && i < node->list.count; i++) {
        struct trail here = {trail, NULL, i};

        look(survey, node->list.items[i], shape_of_item(shape), &here);
    }
    for (size_t i = 0; shape && node->kind == NODE_MAP && i < node->map.count; i++) {
        const struct node_entry *entry = &node->map.entries[i];
        const struct key *key = shape_find_key(shape, entry->key);
        struct trail here = {trail, entry->key, 0};

        /* Nothing more is to be said below a key that does nothing. */
        if (key && key->support != ACTED && (!key->concerns || key->concerns(entry->value)))
            report(survey, key, entry, &here);
        else
            look(survey, entry->value, shape_of_entry(shape, entry->key), &here);
    }
}

void support_report(const struct node *model, struct diagnostics *diagnostics)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct survey survey = {arena, diagnostics, node_new(arena, NODE_MAP, model->at)};

    look(&survey, model, &shape_project, NULL);
}
