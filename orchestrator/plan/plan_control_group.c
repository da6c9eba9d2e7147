/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The place of a container's control group, and the settings that only control groups v1 know: on a
 * machine without those they are left out, and `cgroup_check` says so.
 */
#include <string.h>

#include "common/text.h"
#include "orchestrator/plan/plan_build.h"

enum { SWAPPINESS_MOST = 100 };

void plan_build_setting(struct plan_build *build, struct cgroup_setting setting)
{
    struct resource_spec *resources = &build->instance->container.resources;

    setting.optional = true;
    resources->settings = arena_room(build->arena, resources->settings, resources->n_settings);
    resources->settings[resources->n_settings++] = setting;
}

/*
 * Place
 */

/* "a-b.slice" is systemd's name for "a.slice/a-b.slice", and "-.slice" for the top. */
static void slice_append(const char *name, struct text *path)
{
    const char *end = name + strlen(name) - strlen(".slice");

    if (string_eq(name, "-.slice"))
        return;
    for (const char *dash = strchr(name, '-'); dash && dash < end; dash = strchr(dash + 1, '-'))
        text_appendf(path, "/%.*s.slice", (int)(dash - name), name);
    text_appendf(path, "/%s", name);
}

static bool is_slice(const char *name)
{
    return string_ends_with(name, ".slice") && !strchr(name, '/');
}

static bool is_group_path(const char *path)
{
    const char *at = path;

    while (*at) {
        size_t length = strcspn(at, "/");

        if (length == 0 || length > 255 || at[0] == '.' || memchr(at, '\n', length))
            return false;
        at += length + (at[length] == '/');
    }
    return true;
}

/* Below a group of the user's choice the project has one of its own, as it has below ours, so that
 * two projects cannot meet in it. */
static const char *group_parent(struct plan_build *build)
{
    const char *chosen = build->service->cgroup_parent;
    scoped_text struct text path = {0};
    size_t path_end;

    if (chosen)
        chosen += strspn(chosen, "/");
    if (!chosen || !*chosen)
        return arena_printf(build->arena, "yawl/%s", build->project->name);
    if (!is_group_path(chosen)) {
        plan_build_error(build, build->service->at, "cgroup_parent",
                         "'%s' is no path of a control group", build->service->cgroup_parent);
        return NULL;
    }
    path_end = strlen(chosen) - (string_ends_with(chosen, "/") ? 1 : 0);
    if (is_slice(chosen))
        slice_append(chosen, &path);
    else
        text_appendf(&path, "/%.*s", (int)path_end, chosen);
    return arena_printf(build->arena, "%s/yawl/%s", text_get(&path), build->project->name);
}

/*
 * Settings
 */

/* One that v1 alone has. */
static void add_old(struct plan_build *build, const char *key, const char *file, int64_t value)
{
    const char *dot = strchr(file, '.');

    plan_build_setting(build,
                       (struct cgroup_setting){
                           .key = key,
                           .controller = arena_strndup(build->arena, file, (size_t)(dot - file)),
                           .v1_file = file,
                           .v1_value = arena_printf(build->arena, "%lld", (long long)value),
                       });
}

static void add_swappiness(struct plan_build *build)
{
    int64_t value = build->service->mem_swappiness;

    if (value == 0 || value == -1)
        return;
    if (value < 0 || value > SWAPPINESS_MOST)
        plan_build_error(build, build->service->at, "mem_swappiness", "%lld is not from 0 to %d",
                         (long long)value, SWAPPINESS_MOST);
    else
        add_old(build, "mem_swappiness", "memory.swappiness", value);
}

void plan_build_control_group(struct plan_build *build)
{
    const struct service *service = build->service;

    build->instance->container.cgroup_parent = group_parent(build);
    add_swappiness(build);
    if (service->oom_kill_disable)
        add_old(build, "oom_kill_disable", "memory.oom_control", 1);
    if (service->cpu_rt_period_us > 0)
        add_old(build, "cpu_rt_period", "cpu.rt_period_us", service->cpu_rt_period_us);
    if (service->cpu_rt_runtime_us > 0)
        add_old(build, "cpu_rt_runtime", "cpu.rt_runtime_us", service->cpu_rt_runtime_us);
}
