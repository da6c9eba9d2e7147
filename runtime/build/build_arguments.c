/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/build/build_arguments.h"

#include <string.h>

#include "common/text.h"
#include "runtime/build/evaluation.h"
#include "runtime/image/image_platform.h"

/* The four variables of one platform. */
struct platform_names {
    const char *platform, *os, *architecture, *variant;
};

const char *build_arguments_get(const struct build_arguments *arguments, const char *name)
{
    size_t length = strlen(name);

    for (size_t i = arguments->values.count; i > 0; i--) {
        const char *entry = arguments->values.items[i - 1];

        if (strncmp(entry, name, length) == 0 && entry[length] == '=')
            return entry + length + 1;
    }
    return NULL;
}

static int set(const struct build_arguments *arguments, struct scope *scope, const char *name,
               const char *value, struct error *err)
{
    const char *given = build_arguments_get(arguments, name);

    return scope_set_arg(scope, name, given ? given : value, err);
}

static int set_platform(const struct build_arguments *arguments, const char *text,
                        const struct platform_names *names, struct scope *scope, struct error *err)
{
    struct image_platform platform = image_platform_host();

    if (text && image_platform_parse(text, scope->arena, &platform, err) < 0)
        return -1;
    if (set(arguments, scope, names->platform, image_platform_format(&platform, scope->arena),
            err) < 0 ||
        set(arguments, scope, names->os, platform.os, err) < 0 ||
        set(arguments, scope, names->architecture, platform.architecture, err) < 0)
        return -1;
    return set(arguments, scope, names->variant, platform.variant ? platform.variant : "", err);
}

static int set_predefined(const struct build_arguments *arguments, struct scope *scope,
                          struct error *err)
{
    static const struct platform_names target = {"TARGETPLATFORM", "TARGETOS", "TARGETARCH",
                                                 "TARGETVARIANT"};
    static const struct platform_names build = {"BUILDPLATFORM", "BUILDOS", "BUILDARCH",
                                                "BUILDVARIANT"};
    const char *stage = arguments->target;

    if (set_platform(arguments, arguments->platform, &target, scope, err) < 0 ||
        set_platform(arguments, arguments->build_platform, &build, scope, err) < 0)
        return -1;
    return set(arguments, scope, "TARGETSTAGE", stage && *stage ? stage : "default", err);
}

int build_arguments_scope(const struct build_arguments *arguments,
                          const struct dockerfile *dockerfile, struct arena *arena,
                          struct diagnostics *diagnostics, struct scope **ret_scope)
{
    struct scope *scope = scope_new(arena);
    struct evaluation evaluation = {.arena = arena,
                                    .diagnostics = diagnostics,
                                    .escape = dockerfile->directives.escape,
                                    .arguments = arguments,
                                    .scope = scope};
    struct instruction ignored;
    struct error err;
    int result = 0;

    if (set_predefined(arguments, scope, &err) < 0) {
        diagnostics_error(diagnostics, (struct position){dockerfile->file, 0, 0}, NULL, "%s",
                          err.text);
        return -1;
    }
    for (size_t i = 0; i < dockerfile->n_globals; i++) {
        if (evaluation_step(&evaluation, &dockerfile->instructions[i], &ignored) < 0)
            result = -1;
    }
    if (result == 0)
        *ret_scope = scope;
    return result;
}

const char *build_arguments_proxy_name(size_t index)
{
    static const char *const names[] = {"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy",
                                        "FTP_PROXY",  "ftp_proxy",  "NO_PROXY",    "no_proxy",
                                        "ALL_PROXY",  "all_proxy"};

    return index < ARRAY_LENGTH(names) ? names[index] : NULL;
}

struct string_list build_arguments_proxies(const struct build_arguments *arguments,
                                           struct arena *arena)
{
    struct string_list proxies = {0};
    const char *name;

    for (size_t i = 0; (name = build_arguments_proxy_name(i)); i++) {
        const char *value = build_arguments_get(arguments, name);

        if (value)
            string_list_add(arena, &proxies, arena_printf(arena, "%s=%s", name, value));
    }
    return proxies;
}
