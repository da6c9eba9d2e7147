/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/compose/validate.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

#include "common/text.h"

static bool validate_value(struct loader *loader, struct node *node, const struct shape *shape,
                           const struct trail *trail);

static unsigned form_of(const struct node *node)
{
    switch (node->kind) {
    case NODE_NULL:
        return FORM_NULL;
    case NODE_BOOL:
        return FORM_BOOL;
    case NODE_INT:
        return FORM_INT;
    case NODE_FLOAT:
        /* 2.0 is an integer, too. */
        return fabs(node->real - floor(node->real)) > 0 ? FORM_FLOAT : FORM_FLOAT | FORM_INT;
    case NODE_STRING:
        return FORM_STRING;
    case NODE_LIST:
        return FORM_LIST;
    case NODE_MAP:
        return FORM_MAP;
    }
    return 0;
}

static void add_form(struct text *out, unsigned forms, unsigned form, const char *name)
{
    if ((forms & form) != form)
        return;
    text_appendf(out, "%s%s", out->length ? " or " : "", name);
}

static bool wrong_form(struct loader *loader, const struct node *node, const struct shape *shape,
                       const struct trail *trail)
{
    scoped_text struct text wanted = {0};
    unsigned forms = shape->forms;

    add_form(&wanted, forms, FORM_STRING, "a string");
    if ((forms & FORM_NUMBER) == FORM_NUMBER)
        add_form(&wanted, forms, FORM_NUMBER, "a number");
    else
        add_form(&wanted, forms, FORM_INT, "an integer");
    add_form(&wanted, forms, FORM_BOOL, "true or false");
    add_form(&wanted, forms, FORM_LIST, "a list");
    add_form(&wanted, forms, FORM_MAP, "a mapping");
    add_form(&wanted, forms, FORM_NULL, "nothing");
    loader_error(loader, node, trail, "must be %s, not %s", text_get(&wanted),
                 node_kind_name(node));
    return false;
}

static bool validate_word(struct loader *loader, const struct node *node, const struct shape *shape,
                          const struct trail *trail)
{
    scoped_text struct text message = {0};
    const char *hint;
    size_t count = 0;

    for (; shape->words[count]; count++) {
        if (strcmp(node->text, shape->words[count]) == 0)
            return true;
    }
    text_appendf(&message, "'%s' is none of", node->text);
    for (size_t i = 0; i < count; i++)
        text_appendf(&message, "%s '%s'", i ? "," : "", shape->words[i]);
    hint = string_suggest(node->text, shape->words, count);
    loader_error_hint(loader, node, trail, hint, text_get(&message));
    return false;
}

static bool validate_scalar(struct loader *loader, const struct node *node,
                            const struct shape *shape, const struct trail *trail)
{
    if (node->kind == NODE_STRING && shape->words)
        return validate_word(loader, node, shape, trail);
    if (node->kind == NODE_STRING && shape->accepts && !shape->accepts(node->text)) {
        loader_error(loader, node, trail, "'%s' is not allowed here", node->text);
        return false;
    }
    if (node->kind == NODE_INT && shape->bounded &&
        (node->integer < shape->least || node->integer > shape->most)) {
        loader_error(loader, node, trail, "%lld is not in %lld to %lld", (long long)node->integer,
                     (long long)shape->least, (long long)shape->most);
        return false;
    }
    return true;
}

static bool validate_unique(struct loader *loader, const struct node *list,
                            const struct trail *trail)
{
    for (size_t i = 1; i < list->list.count; i++) {
        for (size_t j = 0; j < i; j++) {
            if (!node_equal(list->list.items[i], list->list.items[j]))
                continue;
            loader_error(loader, list->list.items[i], trail, "items at %zu and %zu are equal", j,
                         i);
            return false;
        }
    }
    return true;
}

static bool validate_list(struct loader *loader, struct node *list, const struct shape *shape,
                          const struct trail *trail)
{
    const struct shape *item_shape = shape_of_item(shape);
    bool unique = true;
    size_t kept = 0;

    /* With an identity equal items have been united; looking again would cost the square of their
     * number. */
    if (shape->unique && !shape->identity)
        unique = validate_unique(loader, list, trail);
    for (size_t i = 0; i < list->list.count; i++) {
        struct trail here = {trail, NULL, i};

        if (list->list.items[i]->broken)
            continue;
        if (validate_value(loader, list->list.items[i], item_shape, &here))
            list->list.items[kept++] = list->list.items[i];
    }
    list->list.count = kept;
    return unique;
}

static bool name_allowed(enum name_rule rule, const char *name)
{
    for (const char *p = name; *p; p++) {
        if (rule == NAMES_RESOURCE && !isalnum((unsigned char)*p) && !strchr("._-", *p))
            return false;
        if (rule == NAMES_LOWER && !islower((unsigned char)*p))
            return false;
    }
    return *name || rule == NAMES_ANY;
}

static bool validate_key(struct loader *loader, const struct node_entry *entry,
                         const struct shape *shape, const struct trail *trail)
{
    struct node at = {
        .at = entry->at, .came_by = entry->value->came_by, .came_how = entry->value->came_how};
    const char *message;

    if (!shape->keys) {
        if (name_allowed(shape->names, entry->key))
            return true;
        loader_error(loader, &at, trail, "'%s' is not a name that is allowed here", entry->key);
        return false;
    }
    if (shape_find_key(shape, entry->key) || (shape->extensions && is_extension(entry->key)))
        return true;
    message = arena_printf(loader->arena, "unknown key '%s'", entry->key);
    loader_error_hint(loader, &at, trail, shape_suggest_key(loader->arena, shape, entry->key),
                      message);
    return false;
}

static void validate_required(struct loader *loader, struct node *map, const struct shape *shape,
                              const struct trail *trail)
{
    for (size_t i = 0; i < shape->n_keys; i++) {
        if (!(shape->keys[i].flags & KEY_REQUIRED) || node_get(map, shape->keys[i].name))
            continue;
        loader_error(loader, map, trail, "missing key '%s'", shape->keys[i].name);
        map->broken = true;
    }
}

static bool validate_map(struct loader *loader, struct node *map, const struct shape *shape,
                         const struct trail *trail)
{
    if (!map->broken)
        validate_required(loader, map, shape, trail);
    for (size_t i = 0; i < map->map.count;) {
        struct node_entry *entry = &map->map.entries[i];
        struct trail here = {trail, entry->key, 0};
        bool good = !entry->value->broken || entry->value->kind == NODE_MAP;

        good = good && validate_key(loader, entry, shape, trail);
        good =
            good && validate_value(loader, entry->value, shape_of_entry(shape, entry->key), &here);
        if (good) {
            i++;
            continue;
        }
        map->broken = true;
        node_remove(map, entry->key);
    }
    return true;
}

/* What a variable will make of the text is not known: "${PORT}:80" stays a short form. */
static bool is_open(const struct node *node, const struct shape *shape, const struct trail *trail)
{
    bool alone = !(shape->forms & (FORM_LIST | FORM_MAP));
    bool item = trail && !trail->name;

    return node->kind == NODE_STRING && strchr(node->text, '$') && (alone || item);
}

static bool validate_value(struct loader *loader, struct node *node, const struct shape *shape,
                           const struct trail *trail)
{
    if (!shape)
        return true;
    if (loader->options->no_interpolate && is_open(node, shape, trail))
        return true;
    if (!(form_of(node) & shape->forms))
        return wrong_form(loader, node, shape, trail);
    if (shape->forms == FORM_ANY)
        return true;
    if (node->kind == NODE_MAP)
        return validate_map(loader, node, shape, trail);
    if (node->kind == NODE_LIST)
        return validate_list(loader, node, shape, trail);
    return validate_scalar(loader, node, shape, trail);
}

void validate_model(struct loader *loader, struct node *model, const struct shape *shape)
{
    (void)validate_value(loader, model, shape, NULL);
}
