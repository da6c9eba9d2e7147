/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/compose/merge.h"

#include <string.h>

#include "common/text.h"

struct merge {
    struct loader *loader;
    bool keep_marks;
};

static struct node *merge_values(struct merge *merge, struct node *lower, struct node *upper,
                                 const struct shape *shape, const struct trail *trail);

/* The upper value where nothing is merged: its marks have done their work, unless they are kept. */
static struct node *take(const struct merge *merge, struct node *upper)
{
    if (!merge->keep_marks)
        merge_settle(upper);
    return upper;
}

static void merge_entry(struct merge *merge, struct node *lower, const struct node_entry *upper,
                        const struct shape *shape, const struct trail *trail)
{
    struct node_entry *below = node_find(lower, upper->key);
    struct trail here = {trail, upper->key, 0};
    struct node_entry result = *upper;

    if (upper->value->mark == MARK_RESET && !merge->keep_marks) {
        node_remove(lower, upper->key);
        return;
    }
    if (!below)
        result.value = take(merge, upper->value);
    else
        result.value = merge_values(merge, below->value, upper->value,
                                    shape_of_entry(shape, upper->key), &here);
    if (below && result.value == upper->value && !result.value->shadows)
        result.value->shadows = below->value;
    if (below && result.value == below->value)
        return;
    node_set(merge->loader->arena, lower, result);
}

static struct node *merge_maps(struct merge *merge, struct node *lower, struct node *upper,
                               const struct shape *shape, const struct trail *trail)
{
    for (size_t i = 0; i < upper->map.count; i++)
        merge_entry(merge, lower, &upper->map.entries[i], shape, trail);
    return lower;
}

static struct node *find_subnet(struct node *list, const struct node *item)
{
    const char *subnet = node_get_text(item, "subnet");

    for (size_t i = 0; subnet && i < list->list.count; i++) {
        if (string_eq(node_get_text(list->list.items[i], "subnet"), subnet))
            return list->list.items[i];
    }
    return NULL;
}

static struct node *merge_lists(struct merge *merge, struct node *lower, struct node *upper,
                                const struct shape *shape, const struct trail *trail)
{
    bool by_subnet = shape && shape->merge == MERGE_SUBNET;

    for (size_t i = 0; i < upper->list.count; i++) {
        struct node *item = upper->list.items[i];
        struct node *same = by_subnet ? find_subnet(lower, item) : NULL;

        if (same && item->kind == NODE_MAP)
            merge_maps(merge, same, item, shape_of_item(shape), trail);
        else
            node_append(merge->loader->arena, lower, take(merge, item));
    }
    return lower;
}

static bool differ_in_driver(const struct node *lower, const struct node *upper)
{
    const char *below = node_get_text(lower, "driver");
    const char *above = node_get_text(upper, "driver");

    return below && above && !string_eq(below, above);
}

static struct node *merge_values(struct merge *merge, struct node *lower, struct node *upper,
                                 const struct shape *shape, const struct trail *trail)
{
    enum merge_rule rule = shape ? shape->merge : MERGE_DEEP;

    if (upper->mark != MARK_NONE || lower->mark == MARK_RESET || rule == MERGE_REPLACE)
        return take(merge, upper);
    if (upper->kind == NODE_NULL)
        return lower;
    if (lower->kind == NODE_MAP && upper->kind == NODE_MAP) {
        if (rule == MERGE_DRIVER && differ_in_driver(lower, upper))
            return take(merge, upper);
        return merge_maps(merge, lower, upper, shape, trail);
    }
    if (lower->kind == NODE_LIST && upper->kind == NODE_LIST)
        return merge_lists(merge, lower, upper, shape, trail);
    if (lower->kind == NODE_MAP || lower->kind == NODE_LIST) {
        loader_error(merge->loader, upper, trail, "cannot override: %s here, %s below (line %u)",
                     node_kind_name(upper), node_kind_name(lower), lower->at.line);
        return lower;
    }
    return take(merge, upper);
}

struct node *merge_models(struct loader *loader, struct node *lower, struct node *upper,
                          const struct shape *shape, bool keep_marks)
{
    struct merge merge = {loader, keep_marks};

    return merge_values(&merge, lower, upper, shape, NULL);
}

void merge_settle(struct node *node)
{
    size_t kept = 0;

    node->mark = MARK_NONE;
    if (node->kind == NODE_MAP) {
        for (size_t i = node->map.count; i-- > 0;) {
            if (node->map.entries[i].value->mark == MARK_RESET)
                node_remove(node, node->map.entries[i].key);
            else
                merge_settle(node->map.entries[i].value);
        }
    } else if (node->kind == NODE_LIST) {
        for (size_t i = 0; i < node->list.count; i++) {
            if (node->list.items[i]->mark == MARK_RESET)
                continue;
            merge_settle(node->list.items[i]);
            node->list.items[kept++] = node->list.items[i];
        }
        node->list.count = kept;
    }
}
