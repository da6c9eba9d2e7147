/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/compose/expand.h"

#include <string.h>
#include <strings.h>

#include "common/text.h"
#include "orchestrator/compose/interpolation.h"
#include "orchestrator/compose/number.h"

struct expander {
    struct loader *loader;
    const struct scope *scope;
    const struct node *node;
    const struct trail *trail;
    struct position set_at; /* of a variable that was used and came from a file */
};

static const char *lookup(void *owner, const char *name)
{
    struct expander *expander = owner;
    const struct variable *variable = variables_find(expander->scope->variables, name);

    if (variable && variable->at.file)
        expander->set_at = variable->at;
    return variable ? variable->value : NULL;
}

static void warn_unset(void *owner, const char *name)
{
    const struct expander *expander = owner;

    loader_warning(expander->loader, expander->node, expander->trail,
                   "The \"%s\" variable is not set. Defaulting to a blank string.", name);
}

static int expand_one(struct expander *expander, const char **ret_text)
{
    struct interpolation interpolation = {lookup, warn_unset, expander};
    scoped_text struct text out = {0};
    struct error err = {0};

    if (!strchr(expander->node->text, '$')) {
        *ret_text = expander->node->text;
        return 0;
    }
    if (interpolate(&interpolation, expander->node->text, &out, &err) < 0) {
        loader_error(expander->loader, expander->node, expander->trail, "%s", err.text);
        return -1;
    }
    *ret_text = arena_strdup(expander->loader->arena, text_get(&out));
    return 0;
}

const char *expand_text(struct loader *loader, const struct scope *scope, const struct node *node,
                        const struct trail *trail)
{
    struct expander expander = {loader, scope, node, trail, {0}};
    const char *text = node->text;

    (void)!expand_one(&expander, &text);
    return text;
}

bool boolean_parse(const char *text, bool *ret_value)
{
    static const char *const words[] = {"true", "y", "yes", "on", "false", "n", "no", "off"};

    for (size_t i = 0; i < ARRAY_LENGTH(words); i++) {
        if (strcasecmp(text, words[i]) == 0) {
            *ret_value = i < 4;
            return true;
        }
    }
    return false;
}

static void cast_bool(struct expander *expander, struct node *node)
{
    bool value;

    if (!boolean_parse(node->text, &value))
        return;
    if (strcasecmp(node->text, "true") != 0 && strcasecmp(node->text, "false") != 0)
        loader_warning(expander->loader, node, expander->trail,
                       "\"%s\" for boolean is not supported by YAML 1.2, please use `%s`",
                       node->text, value ? "true" : "false");
    node->kind = NODE_BOOL;
    node->boolean = value;
}

/* Only where the shape takes text as well: elsewhere text is a mistake that validation reports. */
static void cast(struct expander *expander, struct node *node, const struct shape *shape)
{
    int64_t integer;
    double real;

    if (!shape || !(shape->forms & FORM_STRING))
        return;
    if (shape->scalar == SCALAR_BOOL) {
        cast_bool(expander, node);
    } else if (shape->scalar == SCALAR_INT && number_parse_int(node->text, &integer)) {
        node->kind = NODE_INT;
        node->integer = integer;
    } else if (shape->scalar == SCALAR_FLOAT && number_parse_float(node->text, &real)) {
        node->kind = NODE_FLOAT;
        node->real = real;
    }
}

static void expand_node(struct expander *parent, struct node *node, const struct shape *shape)
{
    struct expander expander = {parent->loader, parent->scope, node, parent->trail, {0}};
    const char *text = NULL;

    if (node->mark == MARK_RESET)
        return;
    if (node->kind == NODE_STRING) {
        if (expand_one(&expander, &text) < 0) {
            node->broken = true;
            return;
        }
        node->text = text;
        if (expander.set_at.line > 0)
            node_came_by(node, expander.set_at, "set in");
        cast(&expander, node, shape);
    } else if (node->kind == NODE_MAP) {
        for (size_t i = 0; i < node->map.count; i++) {
            const struct node_entry *entry = &node->map.entries[i];
            struct trail here = {parent->trail, entry->key, 0};

            expander.trail = &here;
            expand_node(&expander, entry->value, shape_of_entry(shape, entry->key));
        }
    } else if (node->kind == NODE_LIST) {
        for (size_t i = 0; i < node->list.count; i++) {
            struct trail here = {parent->trail, NULL, i};

            expander.trail = &here;
            expand_node(&expander, node->list.items[i], shape_of_item(shape));
        }
    }
}

void expand_tree(struct loader *loader, const struct scope *scope, struct node *node,
                 const struct shape *shape)
{
    struct expander expander = {loader, scope, node, NULL, {0}};

    expand_node(&expander, node, shape);
}
