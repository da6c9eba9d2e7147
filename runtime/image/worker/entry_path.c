/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/worker/entry_path.h"

#include <string.h>

#include "common/text.h"

static const char whiteout_prefix[] = ".wh.";
static const char opaque_name[] = ".wh..wh..opq";
static const char aufs_prefix[] = ".wh..wh.";

/* Appends the last component to the parent, to make room for the next. */
static void push_base(struct entry_path *path, size_t *parent_length)
{
    size_t length = strlen(path->base);

    if (length == 0)
        return;
    if (*parent_length > 0)
        path->parent[(*parent_length)++] = '/';
    memcpy(path->parent + *parent_length, path->base, length + 1);
    *parent_length += length;
}

static int parse(const char *name, struct entry_path *out, struct error *err)
{
    size_t parent_length = 0;
    size_t depth = 0;

    out->parent[0] = out->base[0] = '\0';
    if (strnlen(name, LIMIT_ENTRY_PATH_BYTES + 1) > LIMIT_ENTRY_PATH_BYTES)
        return error_set(err, "the path is longer than %d bytes", LIMIT_ENTRY_PATH_BYTES);

    for (const char *at = name; *at;) {
        size_t length = strcspn(at, "/");

        if (length == 2 && at[0] == '.' && at[1] == '.')
            return error_set(err, "the path contains '..'");
        if (length > LIMIT_ENTRY_NAME_BYTES)
            return error_set(err, "a name is longer than %d bytes", LIMIT_ENTRY_NAME_BYTES);
        if (length > 0 && !(length == 1 && at[0] == '.')) {
            push_base(out, &parent_length);
            memcpy(out->base, at, length);
            out->base[length] = '\0';
            depth++;
        }
        at += length;
        at += *at == '/';
    }
    if (depth > LIMIT_ENTRY_DEPTH)
        return error_set(err, "the path is deeper than %d directories", LIMIT_ENTRY_DEPTH);
    return 0;
}

int entry_path_parse(const char *name, struct entry_path *ret_path, struct error *err)
{
    if (parse(name, ret_path, err) < 0)
        return error_wrap(err, "entry '%.200s'", name);
    return 0;
}

/* The first component of the parent that is named like a whiteout, or NULL. */
static const char *whiteout_above(const char *parent)
{
    for (const char *at = parent; *at;) {
        if (string_starts_with(at, whiteout_prefix))
            return at;
        at += strcspn(at, "/");
        at += *at == '/';
    }
    return NULL;
}

int entry_path_role(struct entry_path *path, enum entry_role *ret_role, struct error *err)
{
    const char *above = whiteout_above(path->parent);
    const char *hidden = path->base + sizeof(whiteout_prefix) - 1;

    *ret_role = ENTRY_PLAIN;
    if (above && !string_starts_with(above, aufs_prefix))
        return error_set(err, "entry '%.200s/%s' lies inside of a whiteout", path->parent,
                         path->base);
    if (above) {
        *ret_role = ENTRY_IGNORED;
    } else if (string_eq(path->base, opaque_name)) {
        path->base[0] = '\0';
        *ret_role = ENTRY_OPAQUE;
    } else if (string_starts_with(path->base, aufs_prefix)) {
        *ret_role = ENTRY_IGNORED;
    } else if (string_starts_with(path->base, whiteout_prefix)) {
        if (!*hidden || string_eq(hidden, ".") || string_eq(hidden, ".."))
            return error_set(err, "entry '%.200s/%s' is a whiteout of nothing", path->parent,
                             path->base);
        memmove(path->base, hidden, strlen(hidden) + 1);
        *ret_role = ENTRY_WHITEOUT;
    }
    return 0;
}
