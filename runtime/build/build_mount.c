/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/build/build_mount.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/text.h"
#include "common/units.h"
#include "runtime/build/suggestion.h"

enum mount_key {
    KEY_TYPE,
    KEY_FROM,
    KEY_SOURCE,
    KEY_TARGET,
    KEY_READ_ONLY,
    KEY_READ_WRITE,
    KEY_ID,
    KEY_SHARING,
    KEY_REQUIRED,
    KEY_SIZE,
    KEY_MODE,
    KEY_UID,
    KEY_GID,
    KEY_ENV,
    N_KEYS,
};

static const char *const keys[] = {"type",      "from",        "source",  "target",   "readonly",
                                   "readwrite", "id",          "sharing", "required", "size",
                                   "mode",      "uid",         "gid",     "env",      "src",
                                   "dst",       "destination", "ro",      "rw"};

static const enum mount_key aliases[] = {KEY_SOURCE, KEY_TARGET, KEY_TARGET, KEY_READ_ONLY,
                                         KEY_READ_WRITE};

static const char *const types[] = {"bind", "cache", "tmpfs", "secret", "ssh"};
static const char *const sharings[] = {"shared", "private", "locked"};

/* Which keys a type may have, besides type, target and the access. */
static const unsigned allowed[] = {
    [BUILD_MOUNT_BIND] = 1u << KEY_FROM | 1u << KEY_SOURCE,
    [BUILD_MOUNT_CACHE] = 1u << KEY_FROM | 1u << KEY_SOURCE | 1u << KEY_ID | 1u << KEY_SHARING |
                          1u << KEY_MODE | 1u << KEY_UID | 1u << KEY_GID,
    [BUILD_MOUNT_TMPFS] = 1u << KEY_SIZE,
    [BUILD_MOUNT_SECRET] = 1u << KEY_ID | 1u << KEY_SOURCE | 1u << KEY_REQUIRED | 1u << KEY_MODE |
                           1u << KEY_UID | 1u << KEY_GID | 1u << KEY_ENV,
    [BUILD_MOUNT_SSH] =
        1u << KEY_ID | 1u << KEY_REQUIRED | 1u << KEY_MODE | 1u << KEY_UID | 1u << KEY_GID,
};

struct mount_reader {
    struct arena *arena;
    struct build_mount *mount;
    struct error *err;
    unsigned seen; /* bits of keys */
    bool deferred; /* some value is not known yet */
    bool access_given;
};

/* One "key=value". */
struct field {
    enum mount_key key;
    const char *name;  /* as it is written */
    const char *value; /* NULL: the key alone */
};

static int find(const char *word, const char *const *candidates, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcasecmp(word, candidates[i]) == 0)
            return (int)i;
    }
    return -1;
}

static int parse_type(struct mount_reader *reader, const char *value)
{
    int type = find(value, types, ARRAY_LENGTH(types));

    if (type < 0)
        return suggestion_fail(&(struct suggestion){value, types, ARRAY_LENGTH(types), NULL},
                               "unknown mount type", reader->err);
    reader->mount->type = (enum mount_type)type;
    return 0;
}

static int parse_sharing(struct mount_reader *reader, const char *value)
{
    int sharing = find(value, sharings, ARRAY_LENGTH(sharings));

    if (sharing < 0)
        return suggestion_fail(&(struct suggestion){value, sharings, ARRAY_LENGTH(sharings), NULL},
                               "unknown sharing", reader->err);
    reader->mount->sharing = (enum mount_sharing)(sharing + 1);
    return 0;
}

static int parse_bool(struct mount_reader *reader, const struct field *field, bool *ret_value)
{
    static const char *const words[] = {"false", "true", "f", "t", "0", "1"};
    int word = field->value ? find(field->value, words, ARRAY_LENGTH(words)) : 1;

    if (word < 0)
        return error_set(reader->err, "%s must be true or false, not '%s'", field->name,
                         field->value);
    *ret_value = word % 2 == 1;
    return 0;
}

static int parse_number(struct mount_reader *reader, const struct field *field, int base,
                        int64_t *ret_value)
{
    char *end;
    unsigned long value;

    errno = 0;
    value = strtoul(field->value, &end, base);
    if (end == field->value || *end || errno || value > UINT32_MAX ||
        strspn(field->value, "0123456789") != strlen(field->value))
        return error_set(reader->err, "%s must be %s number, not '%s'", field->name,
                         base == 8 ? "an octal" : "a", field->value);
    *ret_value = (int64_t)value;
    return 0;
}

static int parse_switch(struct mount_reader *reader, const struct field *field)
{
    struct build_mount *mount = reader->mount;
    bool value = false;

    if (parse_bool(reader, field, &value) < 0)
        return -1;
    if (field->key == KEY_REQUIRED) {
        mount->required = value;
        return 0;
    }
    mount->read_only = field->key == KEY_READ_ONLY ? value : !value;
    reader->access_given = true;
    return 0;
}

static int parse_value(struct mount_reader *reader, const struct field *field)
{
    struct build_mount *mount = reader->mount;

    switch (field->key) {
    case KEY_TYPE:
        return parse_type(reader, field->value);
    case KEY_SHARING:
        return parse_sharing(reader, field->value);
    case KEY_FROM:
        mount->from.text = field->value;
        return 0;
    case KEY_SOURCE:
        mount->source = field->value;
        return 0;
    case KEY_TARGET:
        mount->target = field->value;
        return 0;
    case KEY_ID:
        mount->id = field->value;
        return 0;
    case KEY_ENV:
        mount->env = field->value;
        return 0;
    case KEY_SIZE:
        if (!bytes_parse(field->value, &mount->size_bytes) || mount->size_bytes < 0)
            return error_set(reader->err, "size '%s' is not a size like 64m", field->value);
        return 0;
    case KEY_MODE:
        return parse_number(reader, field, 8, &mount->mode);
    case KEY_UID:
        return parse_number(reader, field, 10, &mount->uid);
    default:
        return parse_number(reader, field, 10, &mount->gid);
    }
}

static bool is_switch(enum mount_key key)
{
    return key == KEY_READ_ONLY || key == KEY_READ_WRITE || key == KEY_REQUIRED;
}

/* Puts the value in place of its variables, if they have values already. */
static int expand(struct mount_reader *reader, const struct build_mount_source *source,
                  struct field *field, bool *ret_known)
{
    scoped_text struct text out = {0};

    *ret_known = true;
    if (!field->value)
        return 0;
    if (field->key == KEY_FROM && strchr(field->value, '$'))
        return error_set(reader->err,
                         "from cannot hold a variable; name a stage with FROM ... AS instead");
    if (!source->expansion) {
        *ret_known = !strchr(field->value, '$') || field->key == KEY_TARGET ||
                     field->key == KEY_SOURCE || field->key == KEY_ID;
        return 0;
    }
    if (expansion_word(source->expansion, field->value, &out, reader->err) < 0)
        return -1;
    field->value = arena_strdup(reader->arena, text_get(&out));
    return 0;
}

static int read_field(struct mount_reader *reader, const struct build_mount_source *source,
                      char *text)
{
    char *equals = strchr(text, '=');
    struct field field = {.name = text, .value = equals ? equals + 1 : NULL};
    int key;
    bool known;

    if (equals)
        *equals = '\0';
    key = find(text, keys, ARRAY_LENGTH(keys));
    if (key < 0)
        return suggestion_fail(&(struct suggestion){text, keys, ARRAY_LENGTH(keys), NULL},
                               "unknown mount key", reader->err);
    field.key = key < N_KEYS ? (enum mount_key)key : aliases[key - N_KEYS];
    if (!equals && !is_switch(field.key))
        return error_set(reader->err, "mount key '%s' needs a value", text);
    if (expand(reader, source, &field, &known) < 0)
        return -1;
    reader->seen |= 1u << field.key;
    if (!known) {
        reader->deferred = true;
        return 0;
    }
    return is_switch(field.key) ? parse_switch(reader, &field) : parse_value(reader, &field);
}

static int check(struct mount_reader *reader)
{
    const struct build_mount *mount = reader->mount;
    unsigned ours = allowed[mount->type] | 1u << KEY_TYPE | 1u << KEY_TARGET | 1u << KEY_READ_ONLY |
                    1u << KEY_READ_WRITE;

    for (unsigned key = 0; key < N_KEYS; key++) {
        if ((reader->seen & ~ours) & 1u << key)
            return error_set(reader->err, "a mount of type %s has no '%s'", types[mount->type],
                             keys[key]);
    }
    if (mount->type == BUILD_MOUNT_SECRET && !mount->id && !mount->source && !mount->target &&
        !mount->env)
        return error_set(reader->err, "a secret needs an id or a target");
    if (mount->type == BUILD_MOUNT_SECRET && mount->id && mount->source)
        return error_set(reader->err, "a secret has either an id or a source");
    if ((mount->type == BUILD_MOUNT_CACHE || mount->type == BUILD_MOUNT_TMPFS) && !mount->target)
        return error_set(reader->err, "a mount of type %s needs a target", types[mount->type]);
    return 0;
}

int build_mount_parse(const struct build_mount_source *source, struct arena *arena,
                      struct build_mount *ret_mount, struct error *err)
{
    struct build_mount mount = {.at = source->value.at, .mode = -1, .uid = -1, .gid = -1};
    struct mount_reader reader = {.arena = arena, .mount = &mount, .err = err};
    char *text = arena_strdup(arena, source->value.text);

    mount.from.at = source->value.at;
    mount.size_bytes = -1;
    while (text) {
        char *field = strsep(&text, ",");

        if (read_field(&reader, source, field) < 0)
            return -1;
    }
    if (!reader.deferred && check(&reader) < 0)
        return -1;
    if (!reader.access_given)
        mount.read_only = mount.type != BUILD_MOUNT_CACHE && mount.type != BUILD_MOUNT_TMPFS;
    *ret_mount = mount;
    return 0;
}
