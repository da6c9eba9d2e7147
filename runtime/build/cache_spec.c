/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/build/cache_spec.h"

#include <string.h>

#include "common/text.h"

static enum cache_kind kind_of(const char *type)
{
    static const char *const types[] = {
        [CACHE_REGISTRY] = "registry", [CACHE_LOCAL] = "local", [CACHE_INLINE] = "inline"};

    for (size_t i = 0; i < ARRAY_LENGTH(types); i++)
        if (string_eq(types[i], type))
            return (enum cache_kind)i;
    return CACHE_OTHER;
}

static int take_attribute(struct cache_spec *spec, const char *folder_name, const char *name,
                          const char *value, struct error *err)
{
    if (strcmp(name, "type") == 0)
        spec->type = value;
    else if (strcmp(name, "ref") == 0)
        spec->reference = value;
    else if (strcmp(name, folder_name) == 0)
        spec->folder = value;
    else if (strcmp(name, "tag") == 0)
        spec->tag = value;
    else if (strcmp(name, "ignore-error") == 0)
        spec->ignores_errors = strcmp(value, "true") == 0;
    else if (strcmp(name, "mode") == 0 && strcmp(value, "min") != 0 && strcmp(value, "max") != 0)
        return error_set(err, "mode '%s' is neither min nor max", value);
    else if (strcmp(name, "mode") == 0)
        spec->all_stages = strcmp(value, "max") == 0;
    return 0;
}

static int check(const struct cache_spec *spec, const char *folder_name, bool is_target,
                 struct error *err)
{
    switch (spec->kind) {
    case CACHE_REGISTRY:
        return spec->reference && *spec->reference ? 0 : error_set(err, "ref= is missing");
    case CACHE_LOCAL:
        return spec->folder && *spec->folder ? 0 : error_set(err, "%s= is missing", folder_name);
    case CACHE_INLINE:
        return is_target ? 0 : error_set(err, "what is inline is read by its ref, type=registry");
    default:
        return 0;
    }
}

int cache_spec_parse(const char *text, bool is_target, struct arena *arena,
                     struct cache_spec *ret_spec, struct error *err)
{
    const char *folder_name = is_target ? "dest" : "src";
    struct cache_spec spec = {.type = "registry"};
    char *rest = arena_strdup(arena, text), *item;

    if (!strchr(text, '=')) {
        spec.reference = text;
        rest = NULL;
    }
    while ((item = strsep(&rest, ","))) {
        char *value = strchr(item, '=');

        if (!value)
            return error_set(err, "cache '%s': '%s' is no NAME=VALUE", text, item);
        *value++ = '\0';
        if (take_attribute(&spec, folder_name, item + strspn(item, " "), value, err) < 0)
            return error_wrap(err, "cache '%s'", text);
    }
    spec.kind = kind_of(spec.type);
    if (check(&spec, folder_name, is_target, err) < 0)
        return error_wrap(err, "cache '%s'", text);
    *ret_spec = spec;
    return 0;
}
