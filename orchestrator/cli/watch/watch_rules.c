/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/watch/watch_rules.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/path.h"
#include "common/text.h"

/* As docker compose has them, and repositories. */
static const char *const editors[] = {
    "**/.git",       "**/*___jb_old___", "**/*___jb_tmp___", "**/.idea",
    "**/.#*",        "**/#*#",           "**/4913",          "**/*~",
    "**/.*.swp",     "**/.*.swx",        "**/.*.swo",        "**/.*.swn",
    "**/*.kate-swp", "**/*-go-tmp-umask"};

/* The rest of the path below a directory, "" for itself; NULL when it is not below. */
static const char *rest_below(const char *path, const char *directory)
{
    size_t length = strlen(directory);

    if (strncmp(path, directory, length) != 0)
        return NULL;
    if (length > 0 && directory[length - 1] == '/')
        return path + length;
    if (path[length] == '\0')
        return path + length;
    return path[length] == '/' ? path + length + 1 : NULL;
}

/* -- making */

struct making {
    struct arena *arena;
    struct diagnostics *diagnostics;
    struct watch_rules *rules;
};

static int patterns_add(struct making *making, const struct string_list *patterns,
                        struct ignore_file *ignore, struct error *err)
{
    for (size_t i = 0; i < patterns->count; i++)
        if (ignore_file_add(ignore, patterns->items[i], making->arena, err) < 0)
            return -1;
    return 0;
}

static void rule_error(struct making *making, const struct watched *watched, size_t index,
                       const char *reason)
{
    diagnostics_error(making->diagnostics, watched->rule->at,
                      arena_printf(making->arena, "services.%s.develop.watch[%zu]",
                                   watched->service->name, index),
                      "%s", reason);
}

/* What the container sees of the host anyway. */
static bool is_mounted(const struct service *service, const char *path)
{
    for (size_t i = 0; i < service->n_volumes; i++)
        if (service->volumes[i].kind == VOLUME_BIND && service->volumes[i].source &&
            rest_below(path, service->volumes[i].source))
            return true;
    return false;
}

static void rule_make(struct making *making, const struct watched *base, size_t index)
{
    const struct watch_rule *rule = &base->service->watch[index];
    struct watched watched = *base;
    struct error err = {0};
    char *real = realpath(rule->path, NULL);

    watched.rule = rule;
    watched.path = path_clean(making->arena, real ? real : rule->path);
    free(real);
    if (rule->rebuilds && !base->service->build) {
        rule_error(making, &watched, index, "action 'rebuild' needs a `build` of the service");
        return;
    }
    if (rule->syncs && is_mounted(base->service, rule->path)) {
        diagnostics_warning(
            making->diagnostics, rule->at,
            arena_printf(making->arena, "services.%s.develop.watch[%zu]", base->service->name,
                         index),
            "path '%s' is also in a bind mount of the service: it is not synchronised", rule->path);
        return;
    }
    if (patterns_add(making, &rule->ignore, &watched.ignore, &err) < 0 ||
        patterns_add(making, &rule->include, &watched.include, &err) < 0) {
        rule_error(making, &watched, index, err.text);
        return;
    }
    making->rules->items = arena_room(making->arena, making->rules->items, making->rules->count);
    making->rules->items[making->rules->count++] = watched;
}

/* A context that is elsewhere has no ignore file here. */
static int context_read(struct making *making, const struct service *service,
                        struct watched *watched, struct error *err)
{
    const struct build *build = service->build;
    struct ignore_file *ignore = arena_new_object(making->arena, struct ignore_file);
    scoped_fd int fd = -1;
    const char *own = NULL;

    if (!build || !build->context || *build->context != '/')
        return 0;
    fd = open(build->context, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    if (build->dockerfile)
        own = arena_printf(making->arena, "%s.dockerignore", build->dockerfile);
    if (ignore_file_read(fd, own, making->arena, ignore, err) < 0)
        return error_wrap(err, "service '%s'", service->name);
    watched->context = path_clean(making->arena, build->context);
    watched->context_ignore = ignore;
    return 0;
}

int watch_rules_make(const struct project *project, struct string_list services,
                     struct arena *arena, struct diagnostics *diagnostics,
                     struct watch_rules *ret_rules, struct error *err)
{
    struct making making = {.arena = arena, .diagnostics = diagnostics, .rules = ret_rules};

    *ret_rules = (struct watch_rules){0};
    for (size_t i = 0; i < ARRAY_LENGTH(editors); i++)
        if (ignore_file_add(&ret_rules->editors, editors[i], arena, err) < 0)
            return -1;
    for (size_t i = 0; i < project->n_services; i++) {
        struct watched watched = {.service = &project->services[i]};

        if (services.count > 0 && !string_list_has(&services, watched.service->name))
            continue;
        if (watched.service->n_watch > 0 &&
            context_read(&making, watched.service, &watched, err) < 0)
            return -1;
        for (size_t j = 0; j < watched.service->n_watch; j++)
            rule_make(&making, &watched, j);
    }
    return 0;
}

/* -- matching */

static bool is_ignored(const struct watch_rules *rules, const struct watched *watched,
                       const char *path, const char *rest)
{
    const char *in_context = watched->context_ignore ? rest_below(path, watched->context) : NULL;

    return ignore_file_matches(&watched->ignore, rest) ||
           ignore_file_matches(&rules->editors, rest) ||
           (in_context && ignore_file_matches(watched->context_ignore, in_context));
}

bool watch_rules_match(const struct watch_rules *rules, const struct watched *watched,
                       const char *path, struct arena *arena, const char **ret_target)
{
    const char *rest = rest_below(path, watched->path);

    if (!rest || is_ignored(rules, watched, path, rest))
        return false;
    if (watched->include.count > 0 && *rest && !ignore_file_matches(&watched->include, rest))
        return false;
    *ret_target =
        watched->rule->target ? path_join(arena, watched->rule->target, *rest ? rest : ".") : NULL;
    return true;
}

/* A line that brings back may do so for what is in it. */
static bool skips_for(const struct watch_rules *rules, const struct watched *watched,
                      const char *directory)
{
    const char *rest = rest_below(directory, watched->path);

    if (!rest)
        return !rest_below(watched->path, directory);
    if (watched->ignore.brings_back ||
        (watched->context_ignore && watched->context_ignore->brings_back))
        return ignore_file_matches(&rules->editors, rest);
    return is_ignored(rules, watched, directory, rest);
}

bool watch_rules_skip(const struct watch_rules *rules, const char *directory)
{
    for (size_t i = 0; i < rules->count; i++)
        if (!skips_for(rules, &rules->items[i], directory))
            return false;
    return true;
}
