/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/supervise/removal.h"

#include <stdio.h>
#include <unistd.h>

#include "common/log.h"
#include "common/path.h"
#include "orchestrator/state/trash.h"
#include "orchestrator/supervise/image_leases.h"
#include "orchestrator/supervise/journal_note.h"
#include "orchestrator/supervise/mounts.h"
#include "orchestrator/supervise/output.h"
#include "runtime/cgroup/cgroup.h"

enum { RETRY_MS = 1000 };

static int data_discard(struct supervisor *supervisor, const char *path, struct error *err)
{
    supervisor->trash_filled = true;
    return trash_take(&supervisor->roots, supervisor->dir->data_fd, path, err);
}

static int data_remove(struct instance *instance, struct error *err)
{
    int run_fd = instance->supervisor->dir->run_fd;
    const char *name = instance->plan->name;
    char path[400];

    (void)snprintf(path, sizeof(path), "containers/%s", name);
    if (instance->want.goal != GOAL_ABSENT && !instance->want.renew) {
        /* Replaced: anonymous volumes are carried over. */
        (void)snprintf(path, sizeof(path), "containers/%s/upper", name);
        if (data_discard(instance->supervisor, path, err) < 0)
            return -1;
        (void)snprintf(path, sizeof(path), "containers/%s/work", name);
    }
    if (data_discard(instance->supervisor, path, err) < 0)
        return -1;
    (void)snprintf(path, sizeof(path), "etc/%s", name);
    if (path_remove_tree(run_fd, path, err) < 0)
        return -1;
    (void)snprintf(path, sizeof(path), "files/%s", name);
    return path_remove_tree(run_fd, path, err);
}

static bool ports_unchanged(const struct instance *instance)
{
    const struct plan_instance *plan = instance->plan, *made = instance->made;

    if (!made || plan->n_ports != made->n_ports)
        return false;
    for (size_t i = 0; i < plan->n_ports; i++)
        if (!string_eq(plan->ports[i].host_ip, made->ports[i].host_ip) ||
            plan->ports[i].host_port != made->ports[i].host_port ||
            plan->ports[i].host_port_end != made->ports[i].host_port_end ||
            plan->ports[i].container_port != made->ports[i].container_port ||
            plan->ports[i].udp != made->ports[i].udp)
            return false;
    return true;
}

/* The project's group below one of the user's choice goes with the last container in it; where it
 * usually is, it stays as long as the project. */
static void group_leave(const struct instance *instance)
{
    const char *parent = instance->made ? instance->made->container.cgroup_parent : NULL;

    if (parent && parent[0] == '/')
        cgroup_remove_parent(parent);
}

void instance_remove(struct instance *instance, uint64_t now_ms)
{
    struct supervisor *supervisor = instance->supervisor;
    struct error err = {0};
    char name[300];

    mounts_drop(instance);
    if (data_remove(instance, &err) < 0 || image_leases_release(instance, &err) < 0) {
        log_warning("remove '%s': %s", instance->plan->name, err.text);
        instance->is.retry_at_ms = now_ms + RETRY_MS;
        return;
    }
    journal_note(instance, EVENT_DESTROY);
    net_detach(supervisor->net, instance->plan->name); /* also when somebody shares it */
    /* At the end of the project all logs go at once. */
    instance->keep_log = instance->want.goal != GOAL_ABSENT || supervisor->finished;
    instance_remove_output(instance);
    if (instance->want.goal == GOAL_ABSENT || !ports_unchanged(instance))
        net_port_release(supervisor->net, instance->plan->name);
    group_leave(instance);
    (void)snprintf(name, sizeof(name), "%s.made", instance->plan->name);
    (void)unlinkat(supervisor->records_fd, name, 0);
    arena_free(instance->made_arena);
    instance->made_arena = NULL;
    instance->made = NULL;
    instance->want.replace = instance->want.renew = instance->want.bounce = false;
    instance->is = (struct observed){.phase = PHASE_ABSENT};
    instance->record.pid = 0;
    instance->record.restarts = 0;
    instance->record.end = (struct record_end){0};
    instance->record.probe = (struct record_probe){0};
    instance->dirty = true;
}

void instance_dismiss(struct instance *instance)
{
    instance->want.goal = GOAL_ABSENT;
    instance->dirty = true;
}
