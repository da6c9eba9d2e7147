/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From what is on disk to instances: the first thing that every supervisor does, also the first of
 * a project, which finds nothing. The kernel holds the truth; a record only says where to look.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/log.h"
#include "common/process.h"
#include "orchestrator/supervise/exits.h"
#include "orchestrator/supervise/fd_store.h"
#include "orchestrator/supervise/input.h"
#include "orchestrator/supervise/journal_note.h"
#include "orchestrator/supervise/names.h"
#include "orchestrator/supervise/output.h"
#include "orchestrator/supervise/sharing.h"
#include "orchestrator/supervise/supervisor_state.h"
#include "orchestrator/supervise/tty.h"
#include "runtime/cgroup/cgroup.h"
#include "runtime/container.h"

enum { BROKEN_TRIES = 100, BROKEN_WAIT_US = 2000 };

static int shared_read(struct supervisor *supervisor, struct error *err)
{
    bool there;

    if (plan_shared_read(supervisor->dir->run_fd, supervisor->shared_arena, &supervisor->shared,
                         &there, err) < 0)
        return -1;
    for (size_t i = 0; i < supervisor->shared.n_networks; i++)
        if (net_add_network(supervisor->net, &supervisor->shared.networks[i], err) < 0)
            log_warning("network '%s': %s", supervisor->shared.networks[i].name, err->text);
    net_declare_names(supervisor->net, supervisor->shared.declared_names);
    return 0;
}

/* A child that has not yet executed its program is still a copy of a yawl process. */
static bool process_is_ours(pid_t pid)
{
    char name[64];
    struct stat theirs, ours;

    (void)snprintf(name, sizeof(name), "/proc/%d/exe", (int)pid);
    return stat(name, &theirs) == 0 && stat("/proc/self/exe", &ours) == 0 &&
           theirs.st_ino == ours.st_ino && theirs.st_dev == ours.st_dev;
}

/* A terminal that nobody had parked yet was hung up with the supervisor that held it. */
static bool start_was_cut(const struct instance *instance)
{
    return !instance->container || process_is_ours(instance->record.pid) ||
           (instance->made->container.tty && instance->terminal_fd < 0);
}

/* The start was cut off: it is as if it had never been tried. */
static void adopt_cut_start(struct instance *instance, const char *id)
{
    struct error err = {0};

    tty_close(instance);
    if (instance->container) {
        container_kill_or_warn(instance);
        container_free(steal(instance->container));
    }
    if (container_cleanup(instance->made->container.cgroup_parent, id, &err) < 0)
        log_warning("clean up '%s': %s", id, err.text);
    instance->record.pid = 0;
    instance_set_phase(instance, PHASE_CREATED);
}

static int adopt_network(struct instance *instance, struct error *err)
{
    const struct plan_instance *made = instance->made;
    struct net *net = instance->supervisor->net;

    if (made->container.host_network || made->network_of)
        return 0;
    if (network_join(instance, err) < 0)
        return -1;
    names_follow(instance);
    for (size_t i = 0; i < made->n_ports; i++)
        if (net_port_open(net, made->name, &made->ports[i], err) < 0)
            return -1;
    return 0;
}

/* The exit status of a process that is gone: from the kernel by its parked pidfd, or as the keeper
 * wrote it. */
static int adopt_status(struct instance *instance)
{
    const struct record *record = &instance->record;
    scoped_text struct text name = {0};
    scoped_fd int pidfd = -1;
    int status;

    fd_store_pidfd_name(instance, &name);
    pidfd = fd_store_take(instance->supervisor, text_get(&name));
    if (pidfd >= 0 && process_exit(pidfd, record->pid, &status) == EXIT_KNOWN)
        return status;
    return exits_find(instance->supervisor->dir->run_fd, record->pid, record->start_time);
}

/* The process that the record names, if it still is. */
static int adopt_process(struct instance *instance, struct error *err)
{
    struct record *record = &instance->record;
    struct container_spec spec = instance->made->container;
    char id[300];

    (void)snprintf(id, sizeof(id), "%s.%d", record->name, record->starts);
    spec.id = id;
    if (container_adopt(&spec, record->pid, record->start_time, &instance->container, err) < 0)
        return -1;
    tty_adopt(instance);
    if (record->phase == PHASE_STARTING && start_was_cut(instance)) {
        adopt_cut_start(instance, id);
        return 0;
    }
    instance->is.phase = PHASE_RUNNING;
    if (record->phase == PHASE_STARTING)
        journal_note(instance, EVENT_START);
    if (instance->want.has_health && instance->is.health == HEALTH_NONE)
        instance->is.health = HEALTH_STARTING; /* it was about to be told that it runs */
    if (!instance->container) {
        instance_ended(instance, adopt_status(instance), loop_now_ms(instance->supervisor->loop));
        return 0;
    }
    input_adopt(instance);
    if (adopt_network(instance, err) < 0)
        log_warning("network of '%s': %s", record->name, err->text);
    instance_watch(instance);
    return 0;
}

/* A time of the wall clock on the loop's. */
static uint64_t ms_of_ns(struct supervisor *supervisor, uint64_t then_ns)
{
    uint64_t now_ns = clock_realtime_ns(), now_ms = loop_now_ms(supervisor->loop);
    uint64_t ago_ms = now_ns > then_ns ? (now_ns - then_ns) / 1000000 : 0;

    return then_ns && ago_ms < now_ms ? now_ms - ago_ms : 0;
}

static void adopt_observed(struct instance *instance, const struct record *found)
{
    struct observed *is = &instance->is;

    is->phase = (enum phase)found->phase;
    is->health = (enum health)found->health;
    is->started_ms = ms_of_ns(instance->supervisor, found->started_ns);
    is->exited_ms = ms_of_ns(instance->supervisor, found->finished_ns);
    is->ended_well = found->wait_status == 0;
    is->stopped_by_us = found->end.signal.ends;
    is->restarts = found->restarts_in_row;
    is->probes = found->probe.count;
    is->probe_failures = found->probe.failures;
    instance->want.goal = (enum goal)found->goal;
    instance->want.yields = found->yields;
    instance->want.renew = found->renew;
    instance->want.paused = found->to_pause;
    is->paused = found->paused;
    is->post_started = found->post_started;
    is->post_start_failed = found->hook_failed;
    is->stop_refused = found->stop_refused;
    instance->want.bounce = found->bounce;
    instance->want.grace_ms = found->grace_ms;
    is->failures = found->failures;
    instance_set_message(instance, found->message ? found->message : "");
    instance_set_wait(instance, found->waits_for ? found->waits_for : "");
}

static int adopt_made(struct instance *instance, struct error *err)
{
    struct supervisor *supervisor = instance->supervisor;

    instance->made_arena = arena_new();
    if (instance_read_plan(supervisor, instance->plan->name, "made", instance->made_arena,
                           &instance->made, err) < 0)
        return -1;
    if (!instance->made) {
        instance->is = (struct observed){.phase = PHASE_ABSENT};
        return 0;
    }
    instance->want.replace = instance->record.replace ||
                             !string_eq(instance->made->config_hash, instance->plan->config_hash);
    for (size_t i = 0; i < instance->made->n_ports; i++) {
        uint16_t host_port;

        if (net_port_reserve(supervisor->net, instance->made->name, &instance->made->ports[i],
                             &host_port, err) < 0)
            log_warning("port of '%s': %s", instance->made->name, err->text);
    }
    return instance_open_output(instance, err);
}

/* What was made cannot be known any more: it is ended, and may be made anew. */
static int adopt_broken(struct instance *instance, const struct record *found)
{
    scoped(cgroup_free) struct cgroup *cgroup = NULL;
    scoped_text struct text parent = {0}, id = {0};
    struct error err = {0};

    if (found->cgroup_parent)
        text_append(&parent, found->cgroup_parent);
    else
        text_appendf(&parent, "yawl/%s", instance->supervisor->project);
    text_appendf(&id, "%s.%d", found->name, found->starts);
    if (cgroup_open(text_get(&parent), text_get(&id), &cgroup, &err) < 0 ||
        (cgroup && cgroup_kill(cgroup, &err) < 0))
        log_warning("kill '%s': %s", text_get(&id), err.text);
    /* Nobody will know of the group later; what was killed is gone in milliseconds. */
    for (int tries = 0; cgroup_remove(text_get(&parent), text_get(&id), &err) < 0 &&
                        err.number == EBUSY && tries < BROKEN_TRIES;
         tries++)
        (void)usleep(BROKEN_WAIT_US);
    instance->made = NULL;
    instance->record.pid = 0;
    instance_set_message(instance, "its record was damaged");
    instance_set_phase(instance, PHASE_FAILED);
    return -1;
}

static int adopt_one(struct supervisor *supervisor, const struct record *found, struct error *err)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct plan_instance *plan;
    struct instance *instance;
    bool same_boot = string_eq(found->boot_id, supervisor->boot_id);

    if (instance_read_plan(supervisor, found->name, "want", arena, &plan, err) < 0 || !plan)
        return -1;
    instance = instance_new(supervisor, plan, steal(arena));
    supervisor->instances[supervisor->n_instances++] = instance;
    journal_note_recall(instance);
    instance->record = *found;
    instance->record.name = instance->plan->name;
    instance->record.service = instance->plan->service;
    instance->record.label = instance->plan->label;
    adopt_observed(instance, found);
    if (adopt_made(instance, err) < 0)
        return adopt_broken(instance, found);
    if (!instance->made)
        return 0;
    if (instance->is.phase == PHASE_RUNNING || instance->is.phase == PHASE_STARTING) {
        if (same_boot)
            return adopt_process(instance, err);
        instance->is.restarts = 0;
        instance_set_phase(instance, PHASE_CREATED);
    }
    return 0;
}

int supervisor_adopt(struct supervisor *supervisor, struct error *err)
{
    struct record **records;
    size_t count;

    if (shared_read(supervisor, err) < 0 ||
        record_list(supervisor->records_fd, supervisor->arena, &records, &count, err) < 0)
        return -1;
    supervisor->instances = calloc(count + 1, sizeof(*supervisor->instances));
    if (!supervisor->instances)
        abort();
    for (size_t i = 0; i < count; i++)
        if (adopt_one(supervisor, records[i], err) < 0)
            /* One broken record must not keep the others from being supervised. */
            log_warning("adopt '%s': %s", records[i]->name, err->text);
    sharing_adopt(supervisor);
    return 0;
}
