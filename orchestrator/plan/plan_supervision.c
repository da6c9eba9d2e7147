/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/text.h"
#include "common/units.h"
#include "orchestrator/plan/plan_build.h"

static const int64_t NS_PER_MS = 1000000;

enum { DEFAULT_GRACE_MS = 10000, DEFAULT_PROBE_MS = 30000, DEFAULT_RETRIES = 3 };
enum { DEFAULT_START_INTERVAL_MS = 5000 };

int signal_from_name(const char *name)
{
    unsigned long long number;

    if (string_to_u64(name, 64, &number))
        return (int)number;
    if (strncasecmp(name, "SIG", 3) == 0)
        name += 3;
    for (int i = 1; i < 32; i++) {
        const char *known = sigabbrev_np(i);

        if (known && strcasecmp(known, name) == 0)
            return i;
    }
    if (strncasecmp(name, "RTMIN+", 6) == 0 && string_to_u64(name + 6, 30, &number))
        return SIGRTMIN + (int)number;
    return 0;
}

/* ["CMD", a, b], ["CMD-SHELL", text] or ["NONE"] to what is executed. */
static void health_args(struct plan_build *build, struct string_list test)
{
    const struct image_config *image = build->image->config;
    struct string_list *args = &build->instance->health.args;

    if (test.count == 0 || string_eq(test.items[0], "NONE"))
        return;
    if (string_eq(test.items[0], "CMD-SHELL") && test.count > 1) {
        *args = string_list_copy(build->arena, image->shell);
        if (args->count == 0) {
            string_list_add(build->arena, args, "/bin/sh");
            string_list_add(build->arena, args, "-c");
        }
    }
    for (size_t i = 1; i < test.count; i++)
        string_list_add(build->arena, args, arena_strdup(build->arena, test.items[i]));
}

static int64_t ms_or(int64_t service_ns, int64_t image_ns, int64_t fallback_ms)
{
    int64_t ns = service_ns > 0 ? service_ns : image_ns;

    if (ns <= 0)
        return fallback_ms;
    return ns < NS_PER_MS ? 1 : ns / NS_PER_MS;
}

static void supervision_health(struct plan_build *build)
{
    const struct healthcheck *check = &build->service->healthcheck;
    const struct image_healthcheck *image = &build->image->config->healthcheck;
    struct plan_health *health = &build->instance->health;

    if (check->disable)
        return;
    health_args(build, check->given && check->test.count > 0 ? check->test : image->test);
    health->interval_ms = ms_or(check->interval_ns, image->interval_ns, DEFAULT_PROBE_MS);
    health->timeout_ms = ms_or(check->timeout_ns, image->timeout_ns, DEFAULT_PROBE_MS);
    health->start_period_ms = ms_or(check->start_period_ns, image->start_period_ns, 0);
    health->start_interval_ms =
        ms_or(check->start_interval_ns, image->start_interval_ns, DEFAULT_START_INTERVAL_MS);
    health->retries = check->retries > 0   ? check->retries
                      : image->retries > 0 ? image->retries
                                           : DEFAULT_RETRIES;
}

static void supervision_restart(struct plan_build *build)
{
    const char *restart = build->service->restart;
    struct plan_instance *instance = build->instance;
    unsigned long long max = 0;

    const struct service *service = build->service;

    instance->restart_delay_ms =
        service->has_restart_delay ? service->restart_delay_ns / NS_PER_MS : -1;
    instance->restart_window_ms = service->restart_window_ns / NS_PER_MS;
    instance->run_once = service->runs_on_change && !build->oneoff;
    if (build->oneoff)
        return; /* it is done when it ends */
    if (!restart || string_eq(restart, "no") || !*restart)
        instance->restart = RESTART_NO;
    else if (string_eq(restart, "always"))
        instance->restart = RESTART_ALWAYS;
    else if (string_eq(restart, "unless-stopped"))
        instance->restart = RESTART_UNLESS_STOPPED;
    else if (string_eq(restart, "on-failure") ||
             (string_starts_with(restart, "on-failure:") &&
              string_to_u64(restart + strlen("on-failure:"), 1000000, &max)))
        instance->restart = RESTART_ON_FAILURE;
    else
        plan_build_error(build, build->service->at, "restart",
                         "'%s' is none of no, always, on-failure[:N], unless-stopped", restart);
    instance->restart_max = (int)max;
}

static void supervision_stop(struct plan_build *build)
{
    const struct service *service = build->service;
    const char *name =
        service->stop_signal ? service->stop_signal : build->image->config->stop_signal;
    struct plan_instance *instance = build->instance;

    instance->stop_signal = name && *name ? signal_from_name(name) : SIGTERM;
    if (instance->stop_signal == 0)
        plan_build_error(build, service->at, "stop_signal", "'%s' is no signal", name);
    instance->grace_ms = service->has_stop_grace_period ? service->stop_grace_period_ns / NS_PER_MS
                                                        : DEFAULT_GRACE_MS;
}

static void supervision_dependencies(struct plan_build *build)
{
    const struct service *service = build->service;
    struct plan_instance *instance = build->instance;

    instance->dependencies =
        arena_new_array(build->arena, struct plan_dependency, service->n_depends_on);
    for (size_t i = 0; i < service->n_depends_on; i++) {
        const struct dependency *dependency = &service->depends_on[i];

        if (build->options->no_deps && !project_find_service(build->project, dependency->service))
            continue;
        instance->dependencies[instance->n_dependencies++] = (struct plan_dependency){
            .service = arena_strdup(build->arena, dependency->service),
            .condition = (int)dependency->condition,
            .restart = dependency->restart,
            .required = dependency->required,
        };
    }
}

static struct plan_hook *hooks_make(struct plan_build *build, const struct hook *hooks,
                                    size_t count)
{
    struct plan_hook *made = arena_new_array(build->arena, struct plan_hook, count);

    for (size_t i = 0; i < count; i++) {
        made[i] = (struct plan_hook){
            .args = string_list_copy(build->arena, hooks[i].command.words),
            .env = string_list_copy(build->arena, build->instance->container.env),
            .user = arena_strdup(build->arena, hooks[i].user),
            .cwd = arena_strdup(build->arena, hooks[i].working_dir),
            .privileged = hooks[i].privileged,
        };
        plan_build_env(build, &made[i].env, &hooks[i].environment);
        if (made[i].args.count == 0)
            plan_build_error(build, hooks[i].at, "", "a hook names no command");
    }
    return made;
}

static void supervision_hooks(struct plan_build *build)
{
    const struct service *service = build->service;
    struct plan_instance *instance = build->instance;

    if (build->oneoff)
        return;
    instance->post_start = hooks_make(build, service->post_start, service->n_post_start);
    instance->n_post_start = service->n_post_start;
    instance->pre_stop = hooks_make(build, service->pre_stop, service->n_pre_stop);
    instance->n_pre_stop = service->n_pre_stop;
}

void plan_build_supervision(struct plan_build *build)
{
    supervision_health(build);
    supervision_restart(build);
    supervision_stop(build);
    supervision_hooks(build);
    supervision_dependencies(build);
}
