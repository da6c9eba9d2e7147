/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program inside a running container, as our own child: its exit code is ours. No supervisor is
 * needed.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/own_ids.h"
#include "common/own_program.h"
#include "common/process.h"
#include "orchestrator/cli/running.h"
#include "orchestrator/cli/terminal.h"
#include "orchestrator/supervise/supervisor_client.h"
#include "runtime/container.h"

struct exec {
    struct session *session;
    struct string_list operands, env;
    bool no_tty, detach, privileged;
    const char *user, *working_dir, *index;
    struct running running;
};

/* The first of two entries counts for most programs, so there must be one. */
static void env_set(struct arena *arena, struct string_list *env, const char *item)
{
    size_t length = strcspn(item, "=") + 1;

    for (size_t i = 0; i < env->count; i++)
        if (strncmp(env->items[i], item, length) == 0) {
            env->items[i] = item;
            return;
        }
    string_list_add(arena, env, item);
}

/* The container's environment, with -e on top; "-e NAME" takes ours. */
static struct string_list exec_env(struct exec *exec)
{
    struct string_list env =
        string_list_copy(exec->session->arena, exec->running.made->container.env);

    for (size_t i = 0; i < exec->env.count; i++) {
        const char *item = exec->env.items[i];
        const char *value = strchr(item, '=') ? NULL : getenv(item);

        if (value)
            item = arena_printf(exec->session->arena, "%s=%s", item, value);
        if (strchr(item, '='))
            env_set(exec->session->arena, &env, item);
    }
    return env;
}

static int exec_start(struct exec *exec, struct container *container, struct terminal *terminal,
                      struct exec_result *ret_result, struct error *err)
{
    scoped_fd int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    struct exec_spec spec = {.env = exec_env(exec),
                             .cwd = exec->working_dir,
                             .user = exec->user,
                             .privileged = exec->privileged,
                             .tty = terminal != NULL,
                             .stdio_fds = {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}};

    for (size_t i = 1; i < exec->operands.count; i++)
        string_list_add(exec->session->arena, &spec.args, exec->operands.items[i]);
    for (int i = 0; i < 3 && (terminal || exec->detach); i++)
        spec.stdio_fds[i] = terminal ? terminal->slave_fd : null_fd;
    return container_execute(container, &exec->running.made->container, &spec, ret_result, err);
}

/* Ctrl-C and its like are meant for the program inside. */
static void exec_forward_signals(int pidfd, const sigset_t *signals)
{
    scoped_fd int signal_fd = signalfd(-1, signals, SFD_CLOEXEC);
    struct pollfd polled[] = {{.fd = pidfd, .events = POLLIN}, {.fd = signal_fd, .events = POLLIN}};

    while (!polled[0].revents) {
        struct signalfd_siginfo info;

        if (poll(polled, ARRAY_LENGTH(polled), -1) < 0 && errno != EINTR)
            return;
        if (polled[1].revents && read(signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
            (void)syscall(SYS_pidfd_send_signal, pidfd, (int)info.ssi_signo, NULL, 0);
    }
}

static int exec_wait(int pidfd, pid_t pid)
{
    struct pollfd polled = {.fd = pidfd, .events = POLLIN};
    int status = 0;

    while (process_exit(pidfd, pid, &status) == EXIT_RUNNING)
        (void)poll(&polled, 1, -1);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* For `events`. Nothing waits for it. */
static void exec_note(const struct exec *exec, struct request_phase *phases, size_t count,
                      int exit_code)
{
    struct request note = {
        .command = "note", .phases = phases, .n_phases = count, .exit_code = exit_code};

    string_list_add(exec->session->arena, &note.containers, exec->running.record->name);
    supervisor_tell(exec->running.dir, &note);
}

static void exec_note_start(const struct exec *exec)
{
    scoped_text struct text command = {0};

    for (size_t i = 1; i < exec->operands.count; i++)
        text_appendf(&command, "%s%s", i > 1 ? " " : "", exec->operands.items[i]);
    exec_note(exec,
              (struct request_phase[]){{.kind = "exec_create", .detail = text_get(&command)},
                                       {.kind = "exec_start", .detail = text_get(&command)}},
              2, 0);
}

static int exec_in(struct exec *exec, struct container *container, struct error *err)
{
    bool tty = !exec->no_tty && !exec->detach && isatty(STDIN_FILENO);
    struct terminal terminal = {.master_fd = -1, .slave_fd = -1};
    struct exec_result result = {.pidfd = -1};
    scoped_fd int pidfd = -1;
    sigset_t signals;
    int exit_code;

    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGINT);
    (void)sigaddset(&signals, SIGTERM);
    (void)sigaddset(&signals, SIGQUIT);
    (void)sigaddset(&signals, SIGHUP);
    if (tty && terminal_open(container, &terminal, err) < 0)
        return -1;
    if (exec_start(exec, container, tty ? &terminal : NULL, &result, err) < 0) {
        terminal_close(&terminal);
        if (result.exit_code == 0)
            return -1;
        (void)fprintf(stderr, "yawl: %s\n", err->text);
        return result.exit_code;
    }
    pidfd = result.pidfd;
    exec_note_start(exec);
    if (exec->detach)
        return 0;
    (void)sigprocmask(SIG_BLOCK, &signals, NULL);
    if (tty && terminal_relay(&terminal, pidfd, err) < 0)
        return -1;
    if (!tty)
        exec_forward_signals(pidfd, &signals);
    exit_code = exec_wait(pidfd, result.pid);
    exec_note(exec, &(struct request_phase){.kind = "exec_die"}, 1, exit_code);
    terminal_close(&terminal);
    return exit_code;
}

static int exec_run(struct exec *exec, struct error *err)
{
    scoped(container_free) struct container *container = NULL;

    if (running_adopt(&exec->running, exec->session->arena, &container, err) < 0)
        return -1;
    if (!container)
        return error_set(err, "service \"%s\" is not running", exec->operands.items[0]);
    /* Root of a user namespace that maps nobody of ours has nothing to say about our file. */
    if (!(own_ids_are_all() && container_in_user_namespace(container)) &&
        own_program_protect(exec->session->argv, err) < 0)
        return -1;
    return exec_in(exec, container, err);
}

int command_exec(struct session *session, struct error *err)
{
    struct exec exec = {.session = session};
    bool interactive = true, tty = true;
    const struct option_row rows[] = {
        {'d', "detach", OPTION_FLAG, &exec.detach, NULL, "do not wait for it"},
        {'e', "env", OPTION_LIST, &exec.env, "NAME=VALUE", "set a variable"},
        {'u', "user", OPTION_STRING, &exec.user, "USER", "run as"},
        {'w', "workdir", OPTION_STRING, &exec.working_dir, "DIR", "run in"},
        {'T', "no-tty", OPTION_FLAG, &exec.no_tty, NULL, "no terminal"},
        {0, "no-TTY", OPTION_FLAG, &exec.no_tty, NULL, "the same"},
        {'i', "interactive", OPTION_FLAG, &interactive, NULL, "accepted; always so"},
        {'t', "tty", OPTION_FLAG, &tty, NULL, "accepted; so when standard input is a terminal"},
        {0, "index", OPTION_STRING, &exec.index, "NUMBER", "which container of the service"},
        {0, "privileged", OPTION_FLAG, &exec.privileged, NULL, "with all capabilities"},
        {0, NULL, OPTION_END, NULL, NULL, NULL},
    };
    int result = session_options(session, rows, true, &exec.operands, err);

    if (result != 0)
        return result < 0 ? -1 : 0;
    if (exec.operands.count < 2)
        return error_set(err, "exec: name a service and a command");
    if (running_find(session, exec.operands.items[0], exec.index, &exec.running, err) < 0)
        return -1;
    result = exec_run(&exec, err);
    running_done(&exec.running);
    return result;
}
