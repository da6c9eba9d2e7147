/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What decide() asked for, done. An action changes `is` before it returns, or sets is.retry_at_ms.
 *
 * The order within a start matters for crashes: the record is on disk before the container may run,
 * and a container that was never let go ends by itself when its creator dies.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/log.h"
#include "common/path.h"
#include "common/process.h"
#include "orchestrator/supervise/autopsy.h"
#include "orchestrator/supervise/exits.h"
#include "orchestrator/supervise/fd_store.h"
#include "orchestrator/supervise/hooks.h"
#include "orchestrator/supervise/image_leases.h"
#include "orchestrator/supervise/input.h"
#include "orchestrator/supervise/journal_note.h"
#include "orchestrator/supervise/mount_points.h"
#include "orchestrator/supervise/mounts.h"
#include "orchestrator/supervise/names.h"
#include "orchestrator/supervise/output.h"
#include "orchestrator/supervise/pause.h"
#include "orchestrator/supervise/probe.h"
#include "orchestrator/supervise/removal.h"
#include "orchestrator/supervise/sharing.h"
#include "orchestrator/supervise/succession.h"
#include "orchestrator/supervise/supervisor_state.h"
#include "orchestrator/supervise/tty.h"
#include "runtime/cgroup/cgroup.h"

enum { RETRY_MS = 20, PROBE_RETRY_MS = 1000, CREATE_TRIES = 25, KIB = 1024 };

/* -- create */

static int data_dirs_make(struct instance *instance, struct error *err)
{
    int data_fd = instance->supervisor->dir->data_fd;
    char name[400];

    if (mount_points_make(instance->supervisor->dir, err) < 0)
        return -1;
    for (size_t i = 0; i < instance->plan->anonymous_volumes.count; i++) {
        (void)snprintf(name, sizeof(name), "containers/%s/volumes/%s", instance->plan->name,
                       instance->plan->anonymous_volumes.items[i]);
        if (path_make_dirs(data_fd, name, 0755, err) < 0)
            return -1;
    }
    (void)snprintf(name, sizeof(name), "containers/%s/upper", instance->plan->name);
    if (path_make_dirs(data_fd, name, 0755, err) < 0)
        return -1;
    (void)snprintf(name, sizeof(name), "containers/%s/work", instance->plan->name);
    return path_make_dirs(data_fd, name, 0755, err);
}

static int made_from_plan(struct instance *instance, struct error *err)
{
    if (instance_write_plan(instance, "made", instance->plan, err) < 0)
        return -1;
    arena_free(instance->made_arena);
    instance->made_arena = arena_new();
    return plan_instance_copy(instance->plan, instance->made_arena, &instance->made, err);
}

static int ports_reserve(struct instance *instance, const struct plan_instance *plan,
                         struct error *err)
{
    struct record *record = &instance->record;

    arena_free(instance->ports_arena);
    instance->ports_arena = arena_new();
    record->ports = arena_new_array(instance->ports_arena, struct record_port, plan->n_ports);
    record->n_ports = 0;
    for (size_t i = 0; i < plan->n_ports; i++) {
        uint16_t host_port = (uint16_t)plan->ports[i].host_port;

        if (!port_is_awaited(instance, &plan->ports[i]) &&
            net_port_reserve(instance->supervisor->net, plan->name, &plan->ports[i], &host_port,
                             err) < 0)
            return -1;
        record->ports[record->n_ports++] = (struct record_port){
            .host_ip = arena_strdup(instance->ports_arena, plan->ports[i].host_ip),
            .host_port = host_port,
            .container_port = plan->ports[i].container_port,
            .udp = plan->ports[i].udp};
    }
    return 0;
}

static int instance_create(struct instance *instance, struct error *err)
{
    uint64_t began_ns = clock_monotonic_ns();

    if (image_leases_take(instance, err) < 0 || data_dirs_make(instance, err) < 0 ||
        instance_open_output(instance, err) < 0 ||
        ports_reserve(instance, instance->plan, err) < 0 || made_from_plan(instance, err) < 0) {
        instance_close_output(instance);
        return error_wrap(err, "create '%s'", instance->plan->name);
    }
    instance->want.replace = false;
    instance->record.created_ns = clock_realtime_ns();
    instance->record.started_ns = instance->record.finished_ns = 0;
    instance->record.end = (struct record_end){0};
    instance->record.probe = (struct record_probe){0};
    instance->is.started_ms = 0;
    instance->is.restarts = instance->is.failures = 0;
    instance_set_phase(instance, PHASE_CREATED);
    journal_note_create(instance, began_ns);
    return 0;
}

/* -- start */

static void spec_for_start(struct instance *instance, struct arena *arena,
                           struct container_spec *ret_spec)
{
    const char *run_path = instance->supervisor->dir->run_path;
    const char *name = instance->plan->name;

    *ret_spec = instance->made->container;
    /* A cgroup is used for one start only: some kernels kill what is born into one that was killed
     * before. */
    ret_spec->id = arena_printf(arena, "%s.%d", name, instance->record.starts);
    ret_spec->layers = mount_points_below(instance->supervisor->dir, ret_spec->layers, arena);
    ret_spec->stdout_path = arena_printf(arena, "%s/fifo/%s.out", run_path, name);
    if ((instance->made->stdin_open || instance->made->stdin_held) && !ret_spec->tty)
        ret_spec->stdin_path = arena_printf(arena, "%s/fifo/%s.in", run_path, name);
    ret_spec->stderr_path = arena_printf(arena, "%s/fifo/%s.err", run_path, name);
}

int network_join(struct instance *instance, struct error *err)
{
    const struct plan_instance *made = instance->made;
    const struct view_spec view = {made->dns, made->links, made->host_access};
    struct net *net = instance->supervisor->net;

    if (made->container.host_network || made->network_of)
        return 0;
    if (net_attach(net, made->name, sharing_netns_fd(instance), made->endpoints, made->n_endpoints,
                   err) < 0)
        return -1;
    net_set_view(net, made->name, &view);
    return 0;
}

static int container_bring_up(struct instance *instance, struct container_spec *spec,
                              struct error *err)
{
    scoped_text struct text pidfd_name = {0};
    struct container_surroundings surroundings = {
        .tree = instance->supervisor->tree,
        .device_programs = instance->supervisor->device_programs,
        .kept_root = mounts_kept_root(instance),
    };

    instance->record.started_ns = clock_realtime_ns();
    if (sharing_prepare(instance, spec, &surroundings.partners, err) < 0 ||
        container_create(spec, &surroundings, &instance->container, err) < 0)
        return -1;
    instance->record.pid = container_pid(instance->container);
    instance->record.start_time = container_start_time(instance->container);
    fd_store_pidfd_name(instance, &pidfd_name);
    fd_store_park(instance->supervisor, text_get(&pidfd_name),
                  container_pidfd(instance->container));
    instance_set_phase(instance, PHASE_STARTING);
    if (instance_write_record(instance, err) < 0 || network_join(instance, err) < 0)
        return -1;
    return container_start(instance->container, err);
}

void container_kill_or_warn(struct instance *instance)
{
    struct error err = {0};

    if (container_kill(instance->container, &err) < 0)
        log_warning("kill '%s': %s", instance->plan->name, err.text);
}

static void container_give_up(struct instance *instance)
{
    const struct container_spec *spec = &instance->made->container;
    struct error err = {0};
    int status;
    char id[300];

    fd_watch_free(steal(instance->report_watch));
    fd_watch_free(steal(instance->exit_watch));
    if (instance->container) {
        container_kill_or_warn(instance);
        while (process_exit(container_pidfd(instance->container), instance->record.pid, &status) ==
               EXIT_RUNNING)
            (void)usleep(200); /* it was killed: microseconds */
    }
    container_free(steal(instance->container));
    mounts_drop(instance);
    sharing_leave_network(instance);
    (void)snprintf(id, sizeof(id), "%s.%d", instance->plan->name, instance->record.starts);
    if (container_cleanup(spec->cgroup_parent, id, &err) < 0)
        log_warning("clean up '%s': %s", id, err.text);
    instance->record.pid = 0;
}

static void instance_failed(struct instance *instance, const struct error *err)
{
    instance_set_message(instance, err->text);
    if (instance->log) {
        struct error log_err = {0};

        if (log_writer_event(instance->log, err->text, &log_err) < 0)
            log_warning("log of '%s': %s", instance->plan->name, log_err.text);
    }
    instance->record.finished_ns = clock_realtime_ns();
    instance->record.end = (struct record_end){0};
    instance_set_phase(instance, PHASE_FAILED);
    journal_note_failure(instance);
}

static int instance_start(struct instance *instance, uint64_t now_ms, struct error *err)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct container_spec spec;

    instance->record.starts++;
    instance->record.sent = (struct record_signal){0};
    instance->largest_bytes = 0;
    journal_note(instance, EVENT_STARTING);
    instance->is.started_ms = now_ms;
    instance->is.exited_ms = instance->is.stop_sent_ms = instance->is.kill_sent_ms = 0;
    instance->is.leaving_ms = 0;
    instance->is.left_names = instance->is.stopped_by_us = false;
    instance->want.paused = instance->is.paused = false;
    instance->is.post_started = instance->is.pre_stopped = 0;
    instance->is.post_start_failed = instance->is.pre_stop_failed = false;
    if (container_files_write(instance, err) < 0 || input_open(instance, err) < 0 ||
        ports_reserve(instance, instance->made, err) < 0)
        return error_wrap(err, "start '%s'", instance->plan->name);

    spec_for_start(instance, arena, &spec);
    if (container_bring_up(instance, &spec, err) < 0) {
        container_give_up(instance);
        return error_wrap(err, "start '%s'", instance->plan->name);
    }
    instance_watch(instance);
    return 0;
}

static void instance_started(struct instance *instance)
{
    const struct plan_instance *made = instance->made;
    struct error err = {0};

    instance->is.health = instance->want.has_health ? HEALTH_STARTING : HEALTH_NONE;
    instance->is.probes = instance->is.probe_failures = 0;
    instance->is.probe_ended_ms = 0;
    instance->is.probing = false;
    instance->record.probe = (struct record_probe){0};
    instance_set_message(instance, "");
    instance_set_phase(instance, PHASE_RUNNING);
    journal_note(instance, EVENT_START);
    names_follow(instance);
    for (size_t i = 0; i < made->n_ports; i++)
        if (!port_is_awaited(instance, &made->ports[i]) &&
            net_port_open(instance->supervisor->net, made->name, &made->ports[i], &err) < 0)
            log_warning("publish port of '%s': %s", made->name, err.text);
}

static void on_report(void *owner)
{
    struct instance *instance = owner;
    struct error err = {0};
    int exit_code = 0;

    switch (container_report_read(instance->container, &exit_code, &err)) {
    case REPORT_PENDING:
        return;
    case REPORT_STARTED:
        fd_watch_free(steal(instance->report_watch));
        tty_open(instance);
        instance_started(instance);
        mounts_settle(instance);
        return;
    case REPORT_FAILED:
        (void)error_wrap(&err, "start '%s'", instance->plan->name);
        container_give_up(instance);
        instance->record.wait_status = exit_code << 8;
        instance_failed(instance, &err);
        return;
    }
}

/* Reaping takes the status out of the kernel: it is on disk before, so that our death in between
 * loses nothing. The size is that of process 1 or of the largest process that was waited for; only
 * the system call itself tells it. */
static void exit_remember(struct instance *instance)
{
    struct rusage usage = {0};
    siginfo_t info = {0};

    if (syscall(SYS_waitid, P_PIDFD, container_pidfd(instance->container), &info,
                WEXITED | WNOHANG | WNOWAIT, &usage) < 0 ||
        info.si_pid == 0)
        return;
    instance->largest_bytes = (uint64_t)usage.ru_maxrss * KIB;
    exits_append(instance->supervisor->dir->run_fd, instance->record.pid,
                 instance->record.start_time,
                 info.si_code == CLD_EXITED ? info.si_status << 8 : info.si_status & 0x7f);
}

static void on_exit_seen(void *owner)
{
    struct instance *instance = owner;
    int status = 0;
    enum exit_source source;

    /* A start that failed also ends the process: the report tells more than the exit status. */
    if (instance->report_watch) {
        on_report(instance);
        if (!instance->container)
            return;
    }
    exit_remember(instance);
    source = process_exit(container_pidfd(instance->container), instance->record.pid, &status);
    if (source == EXIT_RUNNING)
        return;
    if (source == EXIT_UNKNOWN)
        status = exits_find(instance->supervisor->dir->run_fd, instance->record.pid,
                            instance->record.start_time);
    instance_ended(instance, status, loop_now_ms(instance->supervisor->loop));
}

void instance_watch(struct instance *instance)
{
    struct loop *loop = instance->supervisor->loop;
    int report_fd = container_report_fd(instance->container);

    instance->exit_watch = fd_watch_new(loop, container_pidfd(instance->container), FD_READABLE,
                                        on_exit_seen, instance);
    if (report_fd >= 0)
        instance->report_watch = fd_watch_new(loop, report_fd, FD_READABLE, on_report, instance);
}

static void exit_event(struct instance *instance)
{
    scoped_text struct text text = {0};
    struct error err = {0};

    text_appendf(&text, "exited with code %d%s", record_exit_code(&instance->record),
                 decide_restarts(&instance->want, &instance->is) ? " (restarting)" : "");
    if (instance->log && log_writer_event(instance->log, text_get(&text), &err) < 0)
        log_warning("log of '%s': %s", instance->plan->name, err.text);
}

/* Of `yawl kill`, which leaves the goal alone until it is seen that the container ends by it. */
static void goal_follows_signal(struct instance *instance)
{
    if (!instance->record.sent.ends || !string_eq(instance->record.sent.by, "kill") ||
        instance->want.goal != GOAL_RUNNING || instance->want.bounce || instance->want.replace)
        return;
    instance->want.goal = GOAL_STOPPED;
    instance->record.asked_by = instance->record.sent.by;
}

void instance_ended(struct instance *instance, int wait_status, uint64_t now_ms)
{
    fd_watch_free(steal(instance->report_watch));
    fd_watch_free(steal(instance->exit_watch));
    probe_drop(instance);
    hook_drop(instance);
    instance->record.wait_status = wait_status;
    instance->record.finished_ns = clock_realtime_ns();
    autopsy(instance);
    instance->is.exited_ms = now_ms;
    instance->is.ended_well = wait_status == 0;
    instance->is.stopped_by_us = instance->record.sent.ends;
    goal_follows_signal(instance);
    instance->is.health = HEALTH_NONE;
    instance->want.paused = instance->is.paused = false;
    instance->is.retry_at_ms = 0;
    instance_set_phase(instance, PHASE_EXITED);
    journal_note_exit(instance);
    names_follow(instance);
    instance_drain_output(instance);
    exit_event(instance);
    sharing_end_pid(instance);
}

/* -- stop, kill */

/* The command that made the goal what it is; a record of an older build has none. */
static const char *asker(const struct instance *instance)
{
    return instance->record.asked_by ? instance->record.asked_by : "up";
}

static void instance_hand_over(struct instance *instance, uint64_t now_ms)
{
    ports_hand_over(instance);
    instance->is.handed_over_ms = now_ms;
    names_follow(instance);
    instance->dirty = true;
}

static void instance_stop(struct instance *instance, uint64_t now_ms)
{
    struct error err = {0};
    int signal_number = instance->made->stop_signal;

    instance->is.sees_stop_signal = container_sees_signal(instance->container, signal_number);
    instance->is.stop_sent_ms = now_ms;
    instance->record.sent = (struct record_signal){.by = asker(instance),
                                                   .number = signal_number,
                                                   .ends = true,
                                                   .missed = !instance->is.sees_stop_signal};
    if (!instance->is.sees_stop_signal && signal_number != SIGKILL)
        log_info("'%s' does not handle signal %d: killed without waiting", instance->plan->name,
                 signal_number);
    mounts_leave(instance);
    if (container_signal(instance->container, signal_number, &err) < 0)
        log_warning("stop '%s': %s", instance->plan->name, err.text);
    journal_note_kill(instance, signal_number, true);
    instance->dirty = true;
}

static void instance_kill(struct instance *instance, uint64_t now_ms)
{
    ports_hand_over(instance);
    instance->is.kill_sent_ms = now_ms;
    names_follow(instance);
    instance->record.sent.by = asker(instance);
    instance->record.sent.ends = instance->record.sent.killed = true;
    if (instance->is.stop_sent_ms)
        instance->record.sent.waited_ms = (int64_t)(now_ms - instance->is.stop_sent_ms);
    mounts_leave(instance);
    container_kill_or_warn(instance);
    journal_note_kill(instance, SIGKILL, true);
    instance->dirty = true;
}

/* -- clean, again */

/* What remains of a container whose process 1 is gone, also when another supervisor had its handle.
 */
static void cgroup_kill_or_warn(struct instance *instance, const char *id)
{
    scoped(cgroup_free) struct cgroup *cgroup = NULL;
    struct error err = {0};

    if (cgroup_open(instance->made->container.cgroup_parent, id, &cgroup, &err) < 0 ||
        (cgroup && cgroup_kill(cgroup, &err) < 0))
        log_warning("kill what is left of '%s': %s", id, err.text);
}

static void instance_clean(struct instance *instance, uint64_t now_ms)
{
    const struct plan_instance *made = instance->made;
    scoped_text struct text pidfd_name = {0};
    struct error err = {0};
    char id[300];

    (void)snprintf(id, sizeof(id), "%s.%d", made->name, instance->record.starts);
    if (container_cleanup(made->container.cgroup_parent, id, &err) < 0) {
        if (err.number != EBUSY)
            log_warning("clean up '%s': %s", id, err.text);
        else
            cgroup_kill_or_warn(instance, id);
        instance->is.retry_at_ms = now_ms + RETRY_MS;
        return;
    }
    ports_hand_over(instance);
    sharing_leave_network(instance);
    fd_store_pidfd_name(instance, &pidfd_name);
    fd_store_forget(instance->supervisor, text_get(&pidfd_name));
    tty_close(instance);
    mounts_clean(instance);
    container_free(steal(instance->container));
    instance->record.pid = 0;
    instance->is.retry_at_ms = 0;
    instance_set_phase(instance, PHASE_DONE);
}

static void instance_again(struct instance *instance)
{
    struct observed *is = &instance->is;

    if (instance->want.bounce) {
        journal_note_bounce(instance);
        is->restarts = is->failures = 0;
    } else {
        /* Long enough alive: earlier troubles are forgotten. */
        if (decide_stayed_up(&instance->want, is))
            is->restarts = is->failures = 0;
        is->restarts++;
        is->failures += !is->ended_well;
        instance->record.restarts++;
    }
    instance->want.bounce = false;
    is->retry_at_ms = 0;
    instance_set_phase(instance, PHASE_CREATED);
}

/* A port that was just given back is free once the net worker has heard of it. */
static void instance_try_create(struct instance *instance, uint64_t now_ms)
{
    struct error err = {0};

    if (instance_create(instance, &err) < 0 && ++instance->is.create_tries >= CREATE_TRIES)
        instance_failed(instance, &err);
    else if (instance->is.phase == PHASE_ABSENT)
        instance->is.retry_at_ms = now_ms + RETRY_MS;
}

static void instance_probe(struct instance *instance, uint64_t now_ms)
{
    struct error err = {0};

    if (probe_start(instance, now_ms, &err) == 0)
        return;
    log_warning("probe '%s': %s", instance->plan->name, err.text);
    instance->is.retry_at_ms = now_ms + PROBE_RETRY_MS;
}

void instance_perform(struct instance *instance, enum action_kind kind, uint64_t now_ms)
{
    struct error err = {0};

    switch (kind) {
    case ACTION_NONE:
        return;
    case ACTION_CREATE:
        instance_try_create(instance, now_ms);
        return;
    case ACTION_START:
        if (instance_start(instance, now_ms, &err) < 0)
            instance_failed(instance, &err);
        return;
    case ACTION_HAND_OVER:
        instance_hand_over(instance, now_ms);
        return;
    case ACTION_LEAVE:
    case ACTION_COME_BACK:
        names_leave(instance, kind == ACTION_LEAVE ? now_ms : 0);
        return;
    case ACTION_STOP:
        instance_stop(instance, now_ms);
        return;
    case ACTION_POST_START:
    case ACTION_PRE_STOP:
        hook_start(instance, kind == ACTION_POST_START ? HOOK_POST_START : HOOK_PRE_STOP);
        return;
    case ACTION_HOOK_KILL:
        hook_kill(instance);
        return;
    case ACTION_STAY:
        hook_refuse_stop(instance);
        return;
    case ACTION_KILL:
        instance_kill(instance, now_ms);
        return;
    case ACTION_CLEAN:
        instance_clean(instance, now_ms);
        return;
    case ACTION_AGAIN:
        instance_again(instance);
        return;
    case ACTION_FORGET:
        instance_dismiss(instance);
        return;
    case ACTION_REMOVE:
        instance_remove(instance, now_ms);
        return;
    case ACTION_FREEZE:
    case ACTION_THAW:
        instance_freeze(instance, kind == ACTION_FREEZE, now_ms);
        return;
    case ACTION_PROBE:
        instance_probe(instance, now_ms);
        return;
    case ACTION_PROBE_KILL:
        probe_time_out(instance, now_ms);
        return;
    }
}
