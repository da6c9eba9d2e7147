/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running one more program in a container.
 *
 *   starter                     helper                            program
 *   clone3(into the cgroup) -->  joins the namespaces by pidfd
 *                                gives up privileges
 *                                clone(CLONE_PARENT) ----------->  EXEC, execve
 *                           <--  PROCESS (pidfd), ends
 *
 * Only a child of the helper is in the container's PID namespace; CLONE_PARENT makes it the
 * starter's own. Neither can be looked into from inside: they are non-dumpable until execve, and
 * the helper has let go of every descriptor of the host before it joins (CVE-2016-9962,
 * CVE-2024-21626). Whoever has CAP_SYS_PTRACE on the host itself is not held by that: so the child
 * is born with the container's capabilities and behind its filter. (A bundle's filter could forbid
 * the rest of the way; there the child gives them up.)
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/file.h"
#include "common/own_ids.h"
#include "common/text.h"
#include "runtime/channel.h"
#include "runtime/container_options.h"
#include "runtime/descriptors.h"
#include "runtime/kernel.h"
#include "runtime/program.h"
#include "runtime/rlimits.h"
#include "runtime/seccomp_listener.h"
#include "runtime/starter.h"

struct execution {
    const struct container *container;
    const struct exec_spec *spec;
    const struct container_spec *container_spec;
    struct program program;
    struct identity identity;
    struct failure failure;
    struct channel_message message;
    int channel_fd; /* the child's end */
    int namespaces; /* CLONE_NEW...: those that are the container's own */
};

/*
 * In the helper and in the program: async-signal-safe calls only
 */

static _Noreturn void give_up(struct execution *execution)
{
    (void)!channel_send(execution->channel_fd, CHANNEL_FAILED, &execution->failure,
                        sizeof(execution->failure));
    _exit(execution->failure.exit_code);
}

static int join(struct execution *execution)
{
    const struct container *container = execution->container;
    size_t n_preserved = execution->spec->process ? execution->spec->process->n_preserved : 0;
    /* With our mount namespace it has its root by chroot(2) alone. */
    bool shares_mounts = !(execution->namespaces & CLONE_NEWNS);
    int kept[] = {execution->channel_fd,
                  container->pidfd,
                  shares_mounts ? container->root_fd : -1,
                  execution->spec->stdio_fds[0],
                  execution->spec->stdio_fds[1],
                  execution->spec->stdio_fds[2]};

    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ||
        descriptors_keep(kept, ARRAY_LENGTH(kept), n_preserved) < 0)
        return failure_sys(&execution->failure, "close descriptors", NULL);
    if (setns(container->pidfd, execution->namespaces) < 0)
        return failure_sys(&execution->failure, "join the container's namespaces", NULL);
    if (container->in_user_namespace &&
        ((!execution->program.keeps_groups && kernel_setgroups(0, NULL) < 0) ||
         kernel_setresgid(0) < 0 || kernel_setresuid(0) < 0))
        return failure_sys(&execution->failure, "become root of the user namespace", NULL);
    if (shares_mounts && (fchdir(container->root_fd) < 0 || chroot(".") < 0))
        return failure_sys(&execution->failure, "enter the container's root", NULL);
    return 0;
}

/* Standard descriptors could be among those that are to become 0 to 2 in another order: they are
 * moved out of the way first. */
static int place_stdio(struct execution *execution)
{
    int moved[3];

    for (int i = 0; i < 3; i++) {
        moved[i] = fcntl(execution->spec->stdio_fds[i], F_DUPFD_CLOEXEC, 3);
        if (moved[i] < 0)
            return failure_sys(&execution->failure, "place standard input and output", NULL);
    }
    for (int i = 0; i < 3; i++)
        if (dup2(moved[i], i) < 0)
            return failure_sys(&execution->failure, "place standard input and output", NULL);
    return 0;
}

static _Noreturn void run_program(struct execution *execution)
{
    if (execution->channel_fd < 3)
        execution->channel_fd = fcntl(execution->channel_fd, F_DUPFD_CLOEXEC, 3);
    if (place_stdio(execution) == 0)
        (void)program_run(&execution->program, &execution->identity, execution->channel_fd,
                          &execution->failure);
    give_up(execution);
}

static void run_helper(void *owner, int take_channel_fd)
{
    struct execution *execution = owner;
    int pidfd = -1;
    pid_t pid;

    execution->channel_fd = take_channel_fd;
    program_reset_signals();
    if (channel_say(take_channel_fd, CHANNEL_ALIVE) < 0 ||
        channel_expect(take_channel_fd, CHANNEL_ENTERED, &execution->message) < 0) {
        (void)failure_sys(&execution->failure, "talk to the starter", NULL);
        give_up(execution);
    }
    if (join(execution) < 0)
        give_up(execution);
    /* As that of process 1: to be opened again by its name. One that was opened by somebody whom
     * the container's user namespace does not know stays his. */
    if (execution->program.tty &&
        fchown(execution->spec->stdio_fds[0], execution->identity.uid, (gid_t)-1) < 0 &&
        errno != EPERM) {
        (void)failure_sys(&execution->failure, "give the terminal to the user", NULL);
        give_up(execution);
    }
    if (!execution->program.process && program_yield(&execution->program, &execution->identity,
                                                     take_channel_fd, &execution->failure) < 0)
        give_up(execution);
    /* Not clone3(), whose flags no filter can see, so that ours has it missing. */
    pid = (pid_t)syscall(SYS_clone, CLONE_PARENT | CLONE_PIDFD, NULL, &pidfd, NULL, NULL);
    if (pid == 0)
        run_program(execution);
    if (pid < 0) {
        (void)failure_sys(&execution->failure, "clone a process", NULL);
        give_up(execution);
    }
    /* A process that the starter does not know of is reaped by nobody, and process 1 could not end:
     * so this one is tried twice. */
    if (channel_send_fds(take_channel_fd, CHANNEL_PROCESS, &pidfd, 1) < 0 &&
        channel_send_fds(take_channel_fd, CHANNEL_PROCESS, &pidfd, 1) < 0) {
        (void)failure_sys(&execution->failure, "hand over the process", NULL);
        (void)pidfd_send_signal(pidfd, SIGKILL, NULL, 0);
        give_up(execution);
    }
    _exit(0);
}

/*
 * In the starter
 */

/* "Pid:\t123" of the descriptor's own description. */
static int find_pid(int pidfd, pid_t *ret_pid, struct error *err)
{
    scoped_text struct text info = {0};
    char path[64];
    const char *line;

    (void)snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pidfd);
    if (file_read(AT_FDCWD, path, 4096, &info, NULL, err) < 0)
        return -1;
    line = strstr(text_get(&info), "\nPid:");
    if (!line)
        return error_set(err, "'%s' names no process", path);
    *ret_pid = (pid_t)strtol(line + strlen("\nPid:"), NULL, 10);
    return 0;
}

static void reap(int pidfd)
{
    siginfo_t info;

    while (waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED) < 0 && errno == EINTR)
        continue;
}

struct exec_outcome {
    int pidfd;
    bool execs, failed;
};

static int deliver_listener(const struct execution *execution, int pidfd, struct error *err)
{
    struct seccomp_listener listener = {.bundle = execution->container->bundle,
                                        .process = execution->spec->process,
                                        .pidfd = pidfd,
                                        .status = "running"};

    if (!listener.bundle || !listener.process)
        return error_set(err, "a listener came that nobody asked for");
    if (find_pid(pidfd, &listener.pid, err) < 0)
        return -1;
    return seccomp_listener_deliver(&listener, &execution->message, err);
}

/* Listens until the channel ends: then the program runs, or a failure came. */
static int listen_to(struct execution *execution, int channel_fd, struct exec_outcome *outcome,
                     struct error *err)
{
    struct channel_message *message = &execution->message;

    for (;;) {
        int got = channel_receive(channel_fd, true, message);

        if (got < 0)
            return error_sys(err, "hear from the new process");
        if (got == 0)
            return 0;
        if (message->kind == CHANNEL_PROCESS && message->n_fds == 1 && outcome->pidfd < 0)
            outcome->pidfd = message->fds[0];
        outcome->execs = outcome->execs || message->kind == CHANNEL_EXEC;
        if (message->kind == CHANNEL_LISTENER && outcome->pidfd >= 0 &&
            deliver_listener(execution, outcome->pidfd, err) < 0)
            return -1;
        if (message->kind == CHANNEL_FAILED && message->length == sizeof(execution->failure)) {
            memcpy(&execution->failure, message->bytes, sizeof(execution->failure));
            outcome->failed = true;
        }
    }
}

static int conclude(struct execution *execution, struct starter_child *helper,
                    struct exec_outcome *outcome, int *ret_exit_code, struct error *err)
{
    if (listen_to(execution, helper->channel_fd, outcome, err) < 0)
        return -1;
    if (outcome->failed) {
        *ret_exit_code = execution->failure.exit_code;
        return failure_to_error(&execution->failure, err);
    }
    if (!outcome->execs || outcome->pidfd < 0)
        return error_set(err, "the process ended before it ran its program");
    return 0;
}

/* What limits process 1 limits what runs beside it. */
static int prepare(void *owner, pid_t pid, struct error *err)
{
    const struct execution *execution = owner;
    const struct container_spec *spec = execution->container_spec;
    const struct process_spec *process = execution->spec->process;
    const struct ulimit_spec *limits = process ? process->limits : spec->ulimits;

    if (rlimits_set(pid, limits, process ? process->n_limits : spec->n_ulimits, err) < 0)
        return -1;
    if (process && !process->has_oom_score)
        return 0;
    return process_set_oom_score(pid, process ? process->oom_score : spec->oom_score_adj, err);
}

/* Nothing is left of a program that did not come to run. */
static void end_program(int take_pidfd)
{
    if (take_pidfd < 0)
        return;
    (void)pidfd_send_signal(take_pidfd, SIGKILL, NULL, 0);
    reap(take_pidfd);
    fd_close(take_pidfd);
}

/* The kernel wants privileges over each namespace that it is told to join, also over our own. One
 * that was left out by mistake would be the host's. */
static int find_namespaces(pid_t pid, int *ret_types, struct error *err)
{
    static const struct {
        const char *name;
        int type;
    } all[] = {{"mnt", CLONE_NEWNS},    {"pid", CLONE_NEWPID},  {"ipc", CLONE_NEWIPC},
               {"uts", CLONE_NEWUTS},   {"net", CLONE_NEWNET},  {"cgroup", CLONE_NEWCGROUP},
               {"user", CLONE_NEWUSER}, {"time", CLONE_NEWTIME}};
    int types = 0;

    for (size_t i = 0; i < ARRAY_LENGTH(all); i++) {
        struct stat ours, theirs;
        char path[64];

        (void)snprintf(path, sizeof(path), "/proc/self/ns/%s", all[i].name);
        if (stat(path, &ours) < 0) {
            if (errno == ENOENT) /* the kernel has none of that kind */
                continue;
            return error_sys(err, "look at '%s'", path);
        }
        (void)snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)pid, all[i].name);
        if (stat(path, &theirs) < 0 || theirs.st_ino != ours.st_ino)
            types |= all[i].type;
    }
    *ret_types = types;
    return 0;
}

static int plan(struct execution *execution, const struct container_spec *spec, struct arena *arena,
                struct error *err)
{
    const struct exec_spec *exec = execution->spec;
    struct container_spec changed = *spec;
    struct bundle_spec bundle;
    struct string_list groups = {0};
    scoped_fd int opened_fd = -1;
    int root_fd = execution->container->root_fd;

    if (!execution->container->in_user_namespace)
        changed.id_map = (struct id_map){0};
    changed.args = exec->args;
    changed.env = exec->env;
    changed.privileged = spec->privileged || exec->privileged;
    if (spec->bundle) {
        bundle = *spec->bundle;
        bundle.process = exec->process;
        changed.bundle = &bundle;
    }
    if (exec->cwd && *exec->cwd)
        changed.cwd = exec->cwd;
    if (program_plan(&changed, arena, &execution->program, err) < 0)
        return -1;
    /* First to the container's root: what is nobody's there cannot be given away there. */
    if (exec->tty && changed.id_map.count > 0)
        (void)!fchown(exec->stdio_fds[0], changed.id_map.base, (gid_t)-1);
    execution->program.tty = exec->tty;
    execution->program.keeps_groups = own_ids_keep_groups(execution->container->pid);
    if (!exec->user)
        groups = spec->groups;
    if (root_fd < 0)
        root_fd = opened_fd = container_open_root(execution->container);
    if (root_fd < 0)
        return error_sys(err, "open the container's root");
    if (exec->process)
        return identity_of_process(root_fd, exec->process, &execution->identity, err);
    return identity_find(root_fd, exec->user ? exec->user : spec->user, groups,
                         &execution->identity, err);
}

int container_execute(struct container *container, const struct container_spec *spec,
                      const struct exec_spec *exec, struct exec_result *ret_result,
                      struct error *err)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct execution *execution = arena_new_object(arena, struct execution);
    struct starter starter = {.cgroup = exec->cgroup ? exec->cgroup : container->cgroup,
                              .owner = execution,
                              .prepare = prepare,
                              .run = run_helper};
    struct starter_child helper;
    struct exec_outcome outcome = {.pidfd = -1};

    *ret_result = (struct exec_result){.pid = -1, .pidfd = -1, .exit_code = EXIT_CODE_OURS};
    execution->container = container;
    execution->spec = exec;
    execution->container_spec = spec;
    if (!starter.cgroup)
        return error_set(err, "the container's control group is gone");
    if (find_namespaces(container->pid, &execution->namespaces, err) < 0 ||
        plan(execution, spec, arena, err) < 0 || starter_clone(&starter, &helper, err) < 0)
        return -1;
    if (conclude(execution, &helper, &outcome, &ret_result->exit_code, err) < 0 ||
        find_pid(outcome.pidfd, &ret_result->pid, err) < 0) {
        /* Nobody else reaps a program that was made and, for a fault of ours, not heard of. */
        if (outcome.pidfd < 0)
            (void)!listen_to(execution, helper.channel_fd, &outcome, NULL);
        end_program(outcome.pidfd);
        (void)starter_child_end(&helper);
        return -1;
    }
    (void)starter_child_end(&helper);
    ret_result->pidfd = outcome.pidfd;
    return 0;
}
