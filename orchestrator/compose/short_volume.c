/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/compose/short_volume.h"

#include <ctype.h>
#include <string.h>

#include "common/text.h"

enum { MAX_FIELDS = 3 };

struct short_volume {
    const char *fields[MAX_FIELDS];
    size_t count;
    bool read_only, nocopy;
    const char *propagation, *selinux;
    const char *unknown; /* the first option without a meaning */
};

static bool is_drive(const char *start, const char *p)
{
    return *p == ':' && p == start + 1 && isalpha((unsigned char)*start);
}

/* The end of the field: a colon outside of a variable, or the end of the text. */
static const char *field_end(const char *start)
{
    size_t braces = 0;
    const char *p;

    for (p = start; *p; p++) {
        if (p[0] == '$' && p[1] == '{')
            braces++;
        else if (*p == '}' && braces > 0)
            braces--;
        else if (*p == ':' && braces == 0 && !is_drive(start, p))
            break;
    }
    return p;
}

static int split(struct arena *arena, const char *text, struct short_volume *volume,
                 struct error *err)
{
    const char *p = text;

    for (;;) {
        const char *end = field_end(p);

        if (end == p)
            return error_set(err, "invalid spec: %s: empty section between colons", text);
        if (volume->count == MAX_FIELDS)
            return error_set(err, "invalid spec: %s: too many colons", text);
        volume->fields[volume->count++] = arena_strndup(arena, p, (size_t)(end - p));
        if (!*end)
            return 0;
        p = end + 1;
    }
}

static bool is_one_of(const char *option, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (string_eq(option, words[i]))
            return true;
    }
    return false;
}

static void read_option(struct short_volume *volume, const char *option)
{
    static const char *const propagations[] = {"rprivate", "private", "rshared",
                                               "shared",   "rslave",  "slave"};
    static const char *const elsewhere[] = {"cached", "delegated", "consistent"};

    if (string_eq(option, "ro"))
        volume->read_only = true;
    else if (string_eq(option, "rw"))
        volume->read_only = false;
    else if (string_eq(option, "nocopy"))
        volume->nocopy = true;
    else if (string_eq(option, "z") || string_eq(option, "Z"))
        volume->selinux = option;
    else if (is_one_of(option, propagations, ARRAY_LENGTH(propagations)))
        volume->propagation = option;
    else if (!volume->unknown && !is_one_of(option, elsewhere, ARRAY_LENGTH(elsewhere)))
        volume->unknown = option;
}

static void read_options(struct arena *arena, struct short_volume *volume, const char *options)
{
    for (;;) {
        size_t length = strcspn(options, ",");

        read_option(volume, arena_strndup(arena, options, length));
        if (!options[length])
            return;
        options += length + 1;
    }
}

static bool is_file_path(const char *source)
{
    if (!source)
        return false;
    return strchr("./~", *source) || string_starts_with(source, "\\\\") ||
           (isalpha((unsigned char)source[0]) && source[1] == ':');
}

static struct node *put_map(struct arena *arena, struct node *map, const char *key)
{
    struct node *child = node_new(arena, NODE_MAP, map->at);

    node_put(arena, map, key, child);
    return child;
}

static void put_text(struct arena *arena, struct node *map, const char *key, const char *text)
{
    if (text)
        node_put(arena, map, key, node_string(arena, text, map->at));
}

static void write_bind(struct arena *arena, struct node *map, const struct short_volume *volume,
                       bool create)
{
    struct node *bind = put_map(arena, map, "bind");

    put_text(arena, bind, "selinux", volume->selinux);
    put_text(arena, bind, "propagation", volume->propagation);
    if (create)
        node_put(arena, bind, "create_host_path", node_bool(arena, true, map->at));
}

static void write_options(struct arena *arena, struct node *map, const struct short_volume *volume,
                          bool is_bind)
{
    if (volume->read_only)
        node_put(arena, map, "read_only", node_bool(arena, true, map->at));
    if (is_bind || volume->propagation || volume->selinux)
        write_bind(arena, map, volume, is_bind);
    if (!is_bind || volume->nocopy) {
        struct node *options = put_map(arena, map, "volume");

        if (volume->nocopy)
            node_put(arena, options, "nocopy", node_bool(arena, true, map->at));
    }
}

int short_volume_read(struct arena *arena, const struct node *item, struct node *map,
                      const char **ret_unknown, struct error *err)
{
    struct short_volume volume = {0};
    size_t length = strlen(item->text);
    const char *source, *target;

    *ret_unknown = NULL;
    if (length == 0)
        return error_set(err, "invalid empty volume spec");
    if (length <= 2) {
        put_text(arena, map, "type", "volume");
        put_text(arena, map, "target", item->text);
        return 0;
    }
    if (split(arena, item->text, &volume, err) < 0)
        return -1;
    if (volume.count == MAX_FIELDS)
        read_options(arena, &volume, volume.fields[2]);
    source = volume.count > 1 ? volume.fields[0] : NULL;
    target = volume.count > 1 ? volume.fields[1] : volume.fields[0];
    put_text(arena, map, "type", is_file_path(source) ? "bind" : "volume");
    put_text(arena, map, "source", source);
    put_text(arena, map, "target", target);
    write_options(arena, map, &volume, is_file_path(source));
    *ret_unknown = volume.unknown;
    return 0;
}
