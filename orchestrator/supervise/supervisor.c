/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop: sources report, the pass decides and acts, then one timer says when to look again.
 */
#include "orchestrator/supervise/supervisor.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/fd_message.h"
#include "common/log.h"
#include "common/path.h"
#include "common/process.h"
#include "orchestrator/state/id_range.h"
#include "orchestrator/state/trash.h"
#include "orchestrator/supervise/fd_store.h"
#include "orchestrator/supervise/image_leases.h"
#include "orchestrator/supervise/input.h"
#include "orchestrator/supervise/journal_note.h"
#include "orchestrator/supervise/keeper.h"
#include "orchestrator/supervise/mounts.h"
#include "orchestrator/supervise/names.h"
#include "orchestrator/supervise/networks.h"
#include "orchestrator/supervise/output.h"
#include "orchestrator/supervise/program_identity.h"
#include "orchestrator/supervise/supervisor_state.h"
#include "orchestrator/supervise/unreaped.h"
#include "runtime/cgroup/cgroup.h"
#include "runtime/cgroup/cgroup_device_program.h"

enum { MAX_ROUNDS = 1000, IDLE_END_MS = 3000, RECORD_RETRY_MS = 1000, KEEPER_END_MS = 1000 };

/* -- one pass */

/* One round over all instances. Says whether anything was done. */
static bool supervisor_round(struct supervisor *supervisor, uint64_t now_ms, uint64_t *ret_wake_ms)
{
    uint64_t wake_ms = NEVER;
    bool acted = false;

    networks_renew(supervisor);
    for (size_t i = 0; i < supervisor->n_instances; i++) {
        struct instance *instance = supervisor->instances[i];
        struct links links = links_of(supervisor, instance);
        struct action next = decide(&instance->want, &instance->is, links, now_ms);

        if (next.kind != ACTION_NONE) {
            instance_perform(instance, next.kind, now_ms);
            acted = true;
        } else if (next.wake_ms < wake_ms) {
            wake_ms = next.wake_ms;
        }
    }
    *ret_wake_ms = wake_ms;
    return acted;
}

static void record_publish(struct supervisor *supervisor, struct instance *instance)
{
    struct error err = {0};

    if (!instance->dirty)
        return;
    supervisor->net_stale = true; /* whatever changes names, ports or addresses changes a record */
    instance->dirty = instance_write_record(instance, &err) < 0;
    if (instance->dirty) {
        log_warning("keep record of '%s': %s", instance->plan->name, err.text);
        supervisor->records_stale = true;
    }
    control_send_record(supervisor, instance);
}

/* What waits is told of last: who hears that a wait has failed knows already why. */
static void records_publish(struct supervisor *supervisor)
{
    for (size_t i = 0; i < supervisor->n_instances; i++)
        if (supervisor->instances[i]->waits_for.length == 0)
            record_publish(supervisor, supervisor->instances[i]);
    for (size_t i = 0; i < supervisor->n_instances; i++)
        record_publish(supervisor, supervisor->instances[i]);
}

/* Forgets instances that are to be absent and are. */
static void absent_drop(struct supervisor *supervisor)
{
    size_t kept = 0;

    for (size_t i = 0; i < supervisor->n_instances; i++) {
        struct instance *instance = supervisor->instances[i];
        static const char *const suffixes[] = {"json", "want", "made"};

        if (instance->want.goal != GOAL_ABSENT || instance->is.phase != PHASE_ABSENT) {
            supervisor->instances[kept++] = instance;
            continue;
        }
        for (size_t j = 0; j < ARRAY_LENGTH(suffixes); j++) {
            char name[300];

            (void)snprintf(name, sizeof(name), "%s.%s", instance->plan->name, suffixes[j]);
            (void)unlinkat(supervisor->records_fd, name, 0);
        }
        control_send_gone(supervisor, instance->plan->name);
        instance_free(instance);
    }
    supervisor->n_instances = kept;
}

/* The worker is gone: its successor is told everything. */
static void on_net_worker(void *owner)
{
    struct supervisor *supervisor = owner;

    fd_watch_free(steal(supervisor->net_watch));
    supervisor->net_stale = true;
}

/* Another project has come to a network that we share, or gone, or changed. */
static void on_shared_networks(void *owner)
{
    struct supervisor *supervisor = owner;

    supervisor->net_stale = true;
}

static void on_host_resolver(void *owner)
{
    struct supervisor *supervisor = owner;

    for (size_t i = 0; i < supervisor->n_instances; i++) {
        struct error err = {0};

        if (container_files_follow(supervisor->instances[i], &err) < 0)
            log_warning("'%s': follow resolv.conf: %s", supervisor->instances[i]->plan->name,
                        err.text);
    }
}

/* The connection may be another one after a flush, hence the new watch. */
static void network_flush(struct supervisor *supervisor, uint64_t now_ms)
{
    struct error err = {0};
    int worker_fd;

    if (!supervisor->net_stale &&
        (supervisor->net_retry_ms == 0 || now_ms < supervisor->net_retry_ms))
        return;
    supervisor->net_stale = false;
    supervisor->net_retry_ms = 0;
    fd_watch_free(steal(supervisor->net_watch));
    if (net_flush(supervisor->net, now_ms, &supervisor->net_retry_ms, &err) < 0)
        log_warning("tell the net worker: %s", err.text);
    worker_fd = net_worker_fd(supervisor->net);
    if (worker_fd >= 0)
        supervisor->net_watch =
            fd_watch_new(supervisor->loop, worker_fd, FD_READABLE, on_net_worker, supervisor);
}

/* The rules of x-uplink outlast us. */
static void uplink_park(struct supervisor *supervisor)
{
    int fd = net_uplink_fd(supervisor->net);

    if (fd < 0 || supervisor->uplink_parked)
        return;
    fd_store_park(supervisor, "uplink", fd);
    supervisor->uplink_parked = true;
}

/* When all who wait have been told. What the end of the project leaves goes with it. */
static void trash_settle(struct supervisor *supervisor)
{
    struct error err = {0};

    if (!supervisor->trash_filled || supervisor->finished)
        return;
    supervisor->trash_filled = false;
    if (trash_empty(&supervisor->roots, &err) < 0)
        log_warning("%s", err.text);
}

static void supervisor_pass(void *owner)
{
    struct supervisor *supervisor = owner;
    uint64_t now_ms = loop_now_ms(supervisor->loop);
    uint64_t wake_ms;

    for (size_t rounds = 0; supervisor_round(supervisor, now_ms, &wake_ms); rounds++) {
        assert(rounds < MAX_ROUNDS);
        now_ms = clock_monotonic_ms();
    }
    mounts_sweep(supervisor);
    journal_note_flush(supervisor);
    supervisor->records_stale = false;
    records_publish(supervisor);
    if (supervisor->records_stale && wake_ms > now_ms + RECORD_RETRY_MS)
        wake_ms = now_ms + RECORD_RETRY_MS;
    absent_drop(supervisor);
    network_flush(supervisor, now_ms);
    uplink_park(supervisor);
    if (names_settle(supervisor))
        wake_ms = now_ms;
    trash_settle(supervisor);
    if (supervisor->net_retry_ms && supervisor->net_retry_ms < wake_ms)
        wake_ms = supervisor->net_retry_ms;

    if (supervisor->n_instances == 0) {
        /* Nobody asked for anything, or all is gone: a short while for the next request. */
        if (supervisor->finished || (!supervisor->clients && now_ms >= supervisor->idle_end_ms)) {
            supervisor->finished = true;
            loop_stop(supervisor->loop);
        } else if (wake_ms > supervisor->idle_end_ms && !supervisor->clients) {
            wake_ms = supervisor->idle_end_ms;
        }
    } else {
        supervisor->idle_end_ms = now_ms + IDLE_END_MS;
    }
    timer_arm_at(supervisor->wake, wake_ms);
}

static void on_wake(void *owner)
{
    (void)owner; /* the pass looks */
}

/* -- beginning and end */

/* The keeper says nothing after the start: readable means that it is gone. */
static void on_keeper(void *owner)
{
    struct supervisor *supervisor = owner;

    supervisor->keeper_lost = true;
    loop_stop(supervisor->loop);
}

static int directories_open(struct supervisor *supervisor, struct error *err)
{
    if (roots_find(supervisor->arena, &supervisor->roots, err) < 0 ||
        project_dir_open(supervisor->arena, &supervisor->roots, supervisor->project, true,
                         &supervisor->dir, err) < 0 ||
        path_make_dirs(supervisor->dir->run_fd, "instances", 0700, err) < 0 ||
        path_make_dirs(supervisor->dir->data_fd, "logs", 0700, err) < 0)
        return -1;
    supervisor->records_fd = record_dir_open(supervisor->dir);
    supervisor->logs_fd =
        openat(supervisor->dir->data_fd, "logs", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (supervisor->records_fd < 0 || supervisor->logs_fd < 0)
        return error_sys(err, "open project directories");
    return 0;
}

/* There is one supervisor at a time; one that is about to become the keeper lets go by its exec. */
static int lock_take(struct supervisor *supervisor, struct error *err)
{
    supervisor->lock_fd =
        openat(supervisor->dir->run_fd, "supervisor.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (supervisor->lock_fd < 0 || flock(supervisor->lock_fd, LOCK_EX) < 0)
        return error_sys(err, "lock 'supervisor.lock'");
    return 0;
}

static int supervisor_open(struct supervisor *supervisor, struct error *err)
{
    struct net_options options = {.project = supervisor->project};

    if (directories_open(supervisor, err) < 0 || lock_take(supervisor, err) < 0 ||
        journal_note_open(supervisor, err) < 0 || fd_store_receive(supervisor, err) < 0)
        return -1;
    supervisor->tree = mapped_tree_new(supervisor->roots.data);
    supervisor->device_programs = device_program_cache_new();
    options.router_netns_fd = fd_store_take(supervisor, "router");
    options.uplink_fd = fd_store_take(supervisor, "uplink");
    supervisor->uplink_parked = options.uplink_fd >= 0;
    options.run_dir_fd = supervisor->dir->run_fd;
    options.state_dir_fd = supervisor->dir->data_fd;
    options.data_root = supervisor->roots.data;
    options.run_root = supervisor->roots.run;
    if (net_open(&options, &supervisor->net, err) < 0)
        return -1;
    fd_store_park(supervisor, "router", net_router_fd(supervisor->net));

    supervisor->loop = loop_new();
    supervisor->wake = timer_new(supervisor->loop, on_wake, supervisor);
    supervisor->unreaped = unreaped_new(supervisor->loop);
    supervisor->shared_watch = fd_watch_new(supervisor->loop, net_shared_fd(supervisor->net),
                                            FD_READABLE, on_shared_networks, supervisor);
    supervisor->host_resolver =
        host_resolver_new(supervisor->loop, "/etc/resolv.conf", on_host_resolver, supervisor);
    supervisor->keeper_watch =
        fd_watch_new(supervisor->loop, supervisor->keeper_fd, FD_READABLE, on_keeper, supervisor);
    if (supervisor_adopt(supervisor, err) < 0)
        return -1;
    fd_store_drop(
        supervisor); /* FIFOs were opened by their paths: the keeper only keeps them alive */
    if (program_identity_write(supervisor->dir->run_fd, err) < 0 ||
        control_open(supervisor, err) < 0)
        return -1;
    supervisor->idle_end_ms = loop_now_ms(supervisor->loop) + IDLE_END_MS;
    supervisor->net_stale = true;
    supervisor->trash_filled = true; /* perhaps, by one that was killed */
    return 0;
}

/* The project is no more: nothing stays but images and named volumes. */
static void project_end(struct supervisor *supervisor)
{
    scoped_text struct text parent = {0};
    struct error err = {0};

    fd_watch_free(steal(supervisor->net_watch));
    fd_watch_free(steal(supervisor->shared_watch));
    net_destroy(steal(supervisor->net));
    text_appendf(&parent, "yawl/%s", supervisor->project);
    cgroup_remove_parent(text_get(&parent));
    if (image_leases_release_all(supervisor, &err) < 0 ||
        id_range_release(supervisor->roots.data, supervisor->project, &err) < 0 ||
        project_dir_remove(&supervisor->roots, supervisor->project, &err) < 0)
        log_warning("end of project: %s", err.text);
    control_send_end(supervisor);
    control_close(supervisor); /* nobody waits for the rest */
    if (trash_empty(&supervisor->roots, &err) < 0)
        log_warning("end of project: %s", err.text);
}

static void supervisor_close(struct supervisor *supervisor)
{
    control_close(supervisor);
    for (size_t i = 0; i < supervisor->n_instances; i++)
        instance_free(supervisor->instances[i]);
    free(supervisor->instances);
    names_close(supervisor);
    fd_watch_free(supervisor->net_watch);
    fd_watch_free(supervisor->shared_watch);
    host_resolver_free(supervisor->host_resolver);
    net_free(supervisor->net);
    mapped_tree_free(supervisor->tree);
    device_program_cache_free(supervisor->device_programs);
    fd_watch_free(supervisor->keeper_watch);
    timer_free(supervisor->wake);
    unreaped_free(supervisor->unreaped);
    loop_free(supervisor->loop);
    fd_close(supervisor->records_fd);
    fd_close(supervisor->logs_fd);
    fd_close(supervisor->keeper_fd);
    fd_close(supervisor->lock_fd);
    journal_free(supervisor->notes.journal);
    project_dir_close(supervisor->dir);
    arena_free(supervisor->shared_arena);
    arena_free(supervisor->arena);
}

static void inherit(struct text *list, const char *name, int fd)
{
    int kept = fd < 0 ? -1 : fcntl(fd, F_DUPFD, 3); /* without close-on-exec */

    if (kept >= 0)
        text_appendf(list, "%s=%d,", name, kept);
}

/* We are the parent of the containers: becoming the keeper keeps them its children. */
static void supervisor_become_keeper(struct supervisor *supervisor)
{
    scoped_text struct text parked = {0};
    struct error err = {0};

    for (size_t i = 0; i < supervisor->n_instances; i++)
        for (size_t j = 0; j < ARRAY_LENGTH(supervisor->instances[i]->outputs); j++) {
            char name[300];

            output_name(&supervisor->instances[i]->outputs[j], name, sizeof(name));
            inherit(&parked, name, supervisor->instances[i]->outputs[j].fifo_fd);
        }
    for (size_t i = 0; i < supervisor->n_instances; i++) {
        const struct instance *instance = supervisor->instances[i];
        scoped_text struct text name = {0};
        char input[300];

        fd_store_pidfd_name(instance, &name);
        if (instance->container)
            inherit(&parked, text_get(&name), container_pidfd(instance->container));
        text_clear(&name);
        text_appendf(&name, "tty/%s", instance->plan->name);
        inherit(&parked, text_get(&name), instance->terminal_fd);
        input_name(instance, input, sizeof(input));
        inherit(&parked, input, instance->input_fd);
    }
    inherit(&parked, "router", net_router_fd(supervisor->net));
    inherit(&parked, "uplink", net_uplink_fd(supervisor->net));
    if (supervisor->successor &&
        keeper_become(supervisor->successor, supervisor->project, text_get(&parked), &err) < 0)
        log_error("%s", err.text);
    (void)keeper_become(NULL, supervisor->project, text_get(&parked), &err);
    log_error("%s", err.text);
}

/* The keeper is of our program too: it goes first, and we take its place as the successor's keeper.
 * A keeper that is not our parent is gone already. */
static void keeper_end(struct supervisor *supervisor)
{
    struct pollfd polled = {.fd = supervisor->keeper_fd, .events = 0};
    struct ucred keeper;
    socklen_t length = sizeof(keeper);

    if (getsockopt(supervisor->keeper_fd, SOL_SOCKET, SO_PEERCRED, &keeper, &length) == 0 &&
        keeper.pid == getppid())
        (void)kill(keeper.pid, SIGKILL);
    (void)poll(&polled, 1, KEEPER_END_MS); /* its lock is free afterwards */
}

static void ready_tell(int take_ready_fd, const char *text)
{
    scoped_fd int ready_fd = take_ready_fd;

    if (ready_fd >= 0)
        (void)!fd_write_all(ready_fd, text, strlen(text));
}

/* A dozen descriptors for each container: as many as the host allows. */
static void limits_raise(void)
{
    struct rlimit files;

    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
}

int supervisor_main(const char *project, int take_keeper_fd, int take_ready_fd)
{
    struct supervisor supervisor = {.arena = arena_new(),
                                    .shared_arena = arena_new(),
                                    .project = project,
                                    .keeper_fd = take_keeper_fd,
                                    .names_fd = -1,
                                    .listen_fd = -1,
                                    .records_fd = -1,
                                    .logs_fd = -1,
                                    .lock_fd = -1};
    struct error err = {0};
    int result = 0;

    (void)umask(022);
    limits_raise();
    (void)signal(SIGPIPE, SIG_IGN);
    if (process_boot_id(supervisor.boot_id, &err) < 0 || supervisor_open(&supervisor, &err) < 0) {
        log_error("supervise '%s': %s", project, err.text);
        ready_tell(take_ready_fd, err.text);
        result = 1;
    } else {
        ready_tell(take_ready_fd, "ok");
        loop_set_pass(supervisor.loop, supervisor_pass, &supervisor);
        loop_run(supervisor.loop);
        loop_set_pass(supervisor.loop, NULL, NULL);
        if (supervisor.finished)
            project_end(&supervisor);
        else if (supervisor.successor)
            keeper_end(&supervisor);
        if (!supervisor.finished && (supervisor.keeper_lost || supervisor.successor))
            /* We are the parent of the containers: becoming the keeper keeps them its children. */
            supervisor_become_keeper(&supervisor);
    }
    if (supervisor.loop)
        supervisor_close(&supervisor);
    return result;
}
