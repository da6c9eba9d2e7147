/* SPDX-License-Identifier: Apache-2.0 */
/* `config --explain`: where a value came from and what it hides. */
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "orchestrator/compose/compose_model.h"

static void tell_place(struct position at, struct text *out)
{
    if (at.file && at.line > 0)
        text_appendf(out, "%s:%u:%u", at.file, at.line, at.column);
    else
        text_append(out, at.file ? at.file : "the environment");
}

static void explain_variable(const struct variable *variable, struct text *out)
{
    text_appendf(out, "%s = '%s'\n  set in ", variable->name, variable->value);
    tell_place(variable->at, out);
    text_append_char(out, '\n');
    for (variable = variable->shadows; variable; variable = variable->shadows) {
        text_appendf(out, "  hides '%s' of ", variable->value);
        tell_place(variable->at, out);
        text_append_char(out, '\n');
    }
}

/* -- paths */

/* One step of a path: a name up to '.' or '[', or an index. A name may hold dots, as those of
 * labels do: the longest that the mapping has is taken. */
static const struct node *step_into(const struct node *node, const char **path)
{
    const struct node_entry *best = NULL;
    size_t best_length = 0;
    unsigned long long index;

    if (**path == '[' && node->kind == NODE_LIST) {
        const char *close = strchr(*path, ']');
        char digits[12] = "";
        size_t length = close ? (size_t)(close - *path - 1) : sizeof(digits);

        if (length >= sizeof(digits))
            return NULL;
        memcpy(digits, *path + 1, length);
        if (!string_to_u64(digits, UINT32_MAX, &index) || index >= node->list.count)
            return NULL;
        *path = close + 1;
        return node->list.items[index];
    }
    *path += **path == '.';
    for (size_t i = 0; node->kind == NODE_MAP && i < node->map.count; i++) {
        const struct node_entry *entry = &node->map.entries[i];
        size_t length = strlen(entry->key);

        if (strncmp(*path, entry->key, length) == 0 && strchr(".[", (*path)[length]) &&
            (!best || length > best_length)) {
            best = entry;
            best_length = length;
        }
    }
    *path += best_length;
    return best ? best->value : NULL;
}

static const struct node *find_path(const struct node *node, const char *path)
{
    while (node && *path)
        node = step_into(node, &path);
    return node;
}

struct position compose_position(const struct compose *compose, const char *path)
{
    const struct node *node = compose->model;
    struct position at = node->at;

    while (*path && (node = step_into(node, &path)))
        if (node->at.line > 0)
            at = node->at;
    return at;
}

static void tell_value(struct arena *arena, const struct node *node, struct text *out)
{
    if (node->kind == NODE_LIST || node->kind == NODE_MAP)
        text_append(out, node_kind_name(node));
    else if (node->kind == NODE_STRING)
        text_appendf(out, "'%s'", node->text);
    else
        text_append(out, node->kind == NODE_NULL ? "null" : node_scalar_text(arena, node));
}

static void explain_node(const char *path, const struct node *node, struct text *out)
{
    scoped(arena_free) struct arena *arena = arena_new();

    text_appendf(out, "%s = ", path);
    tell_value(arena, node, out);
    text_append(out, "\n  written in ");
    tell_place(node->at, out);
    text_append_char(out, '\n');
    if (node->came_by.line > 0) {
        text_appendf(out, "  %s ", node->came_how ? node->came_how : "came by way of");
        tell_place(node->came_by, out);
        text_append_char(out, '\n');
    }
    for (node = node->shadows; node; node = node->shadows) {
        text_append(out, "  hides ");
        tell_value(arena, node, out);
        text_append(out, " of ");
        tell_place(node->at, out);
        text_append_char(out, '\n');
    }
}

int compose_explain(const struct compose *compose, const char *what, struct text *out,
                    struct error *err)
{
    const struct variable *variable = variables_find(compose->variables, what);
    const struct node *node = *what ? find_path(compose->model, what) : NULL;

    if (!variable && !node)
        return error_set(err, "'%s' is neither a variable that is set nor a path of the model",
                         what);
    if (variable)
        explain_variable(variable, out);
    if (node)
        explain_node(what, node, out);
    return 0;
}
