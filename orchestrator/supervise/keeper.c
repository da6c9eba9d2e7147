/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/supervise/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/arena.h"
#include "common/fd.h"
#include "common/fd_message.h"
#include "common/log.h"
#include "common/own_program.h"
#include "common/process.h"
#include "orchestrator/state/roots.h"
#include "orchestrator/supervise/exits.h"

#define NEVER_MS UINT64_MAX

enum { RESTART_FIRST_MS = 10, RESTART_MAX_MS = 5000, STAYED_UP_MS = 10000 };
enum { WORKER_LOOK_MS = 500 };

struct parked {
    struct parked *next;
    int fd;
    char name[];
};

/* A child that is started again when it dies. */
struct ward {
    const char *role;
    pid_t pid;
    uint64_t started_ms, start_at_ms; /* start_at_ms: when to start the next one */
    uint64_t delay_ms;
};

struct keeper {
    const char *project;
    struct project_dir *dir;
    struct parked *parked;
    struct ward supervisor, worker;
    int socket_fd; /* to the supervisor */
    int worker_listen_fd;
    int signal_fd, lock_fd, ready_fd;
    bool ended;
};

/* -- the store */

static void parked_forget(struct keeper *keeper, const char *name)
{
    for (struct parked **place = &keeper->parked; *place; place = &(*place)->next) {
        struct parked *parked = *place;

        if (strcmp(parked->name, name) == 0) {
            *place = parked->next;
            fd_close(parked->fd);
            free(parked);
            return;
        }
    }
}

static void parked_add(struct keeper *keeper, const char *name, int take_fd)
{
    size_t size = strlen(name) + 1;
    struct parked *parked = malloc(sizeof(*parked) + size);

    if (!parked)
        abort();
    parked_forget(keeper, name);
    memcpy(parked->name, name, size);
    parked->fd = take_fd;
    parked->next = keeper->parked;
    keeper->parked = parked;
}

/* "NAME=FD,NAME=FD": what a supervisor inherited to its successor as keeper. */
static void parked_inherit(struct keeper *keeper, const char *list)
{
    char *copy = strdup(list), *rest = NULL;

    if (!copy)
        abort();
    for (char *item = strtok_r(copy, ",", &rest); item; item = strtok_r(NULL, ",", &rest)) {
        char *equals = strchr(item, '=');
        int fd;

        if (!equals)
            continue;
        *equals = '\0';
        fd = atoi(equals + 1);
        if (fcntl(fd, F_SETFD, FD_CLOEXEC) == 0)
            parked_add(keeper, item, fd);
    }
    free(copy);
}

static int parked_hand_over(struct keeper *keeper, struct error *err)
{
    for (struct parked *parked = keeper->parked; parked; parked = parked->next)
        if (fd_message_send(keeper->socket_fd, parked->name, strlen(parked->name), &parked->fd, 1,
                            err) < 0)
            return -1;
    return fd_message_send(keeper->socket_fd, "end", 3, NULL, 0, err);
}

static void keeper_listen(struct keeper *keeper)
{
    scoped_text struct text text = {0};
    int fds[FD_MESSAGE_MAX_FDS];
    enum fd_message_result result = FD_MESSAGE_GOT;
    size_t n_fds;

    while (fd_message_receive(keeper->socket_fd, &text, fds, &n_fds, &result, NULL) == 0 &&
           result == FD_MESSAGE_GOT) {
        if (string_starts_with(text_get(&text), "park ") && n_fds == 1)
            parked_add(keeper, text.data + strlen("park "), fds[0]);
        else if (string_starts_with(text_get(&text), "forget "))
            parked_forget(keeper, text.data + strlen("forget "));
    }
    if (result == FD_MESSAGE_CLOSED)
        fd_close(steal_fd(&keeper->socket_fd)); /* its exit is seen by SIGCHLD */
}

/* -- children */

/* In the child: nothing of the keeper but what is named. */
static void child_exec(const char *role, const char *project, const int *fds, size_t n_fds)
{
    char numbers[2][16] = {"-1", "-1"};
    char *args[] = {(char *)(uintptr_t) "yawl",
                    (char *)(uintptr_t)role,
                    (char *)(uintptr_t)project,
                    numbers[0],
                    numbers[1],
                    NULL};
    struct error err = {0};
    sigset_t none;

    /* Also nothing that our caller left open: locks, pipes and terminals of others. */
    (void)syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC);
    for (size_t i = 0; i < n_fds; i++) {
        if (fds[i] >= 0)
            (void)fcntl(fds[i], F_SETFD, 0);
        (void)snprintf(numbers[i], sizeof(numbers[i]), "%d", fds[i]);
    }
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    if (own_program_execute(args, &err) < 0)
        log_error("%s", err.text);
    _exit(127);
}

static int ward_fork(struct ward *ward, struct error *err)
{
    ward->pid = fork();
    if (ward->pid < 0)
        return error_sys(err, "start %s", ward->role);
    if (ward->pid > 0) {
        ward->started_ms = clock_monotonic_ms();
        ward->start_at_ms = NEVER_MS;
    }
    return 0;
}

static int supervisor_spawn(struct keeper *keeper, struct error *err)
{
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return error_sys(err, "create socket pair");
    fd_close(keeper->socket_fd);
    keeper->socket_fd = pair[0];
    if (ward_fork(&keeper->supervisor, err) < 0) {
        fd_close(pair[1]);
        return -1;
    }
    if (keeper->supervisor.pid == 0)
        child_exec(ROLE_SUPERVISOR, keeper->project, (int[]){pair[1], keeper->ready_fd}, 2);
    fd_close(pair[1]);
    fd_close(steal_fd(&keeper->ready_fd));
    /* The store may be larger than the socket's buffer: the supervisor reads it before anything
     * else. */
    if (parked_hand_over(keeper, err) < 0)
        return -1;
    return fd_set_nonblocking(keeper->socket_fd, true, err);
}

/*
 * The worker holds a lock by a descriptor that it inherits: a worker of an earlier keeper, which
 * lives on, is known by it. That one is not our child and its end is found by trying again.
 */
static int worker_spawn(struct keeper *keeper, struct error *err)
{
    scoped_fd int lock_fd =
        openat(keeper->dir->run_fd, "worker.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    scoped_fd int listen_fd = -1;

    if (lock_fd < 0)
        return error_sys(err, "open 'worker.lock'");
    if (flock(lock_fd, LOCK_EX | LOCK_NB) < 0) {
        keeper->worker.start_at_ms = clock_monotonic_ms() + WORKER_LOOK_MS;
        return 0;
    }
    if (fd_message_listen(keeper->dir->run_fd, "net.sock", &listen_fd, err) < 0 ||
        ward_fork(&keeper->worker, err) < 0)
        return -1;
    if (keeper->worker.pid == 0)
        child_exec(ROLE_NET_WORKER, keeper->project, (int[]){listen_fd, lock_fd}, 2);
    return 0;
}

static void ward_ended(struct ward *ward)
{
    uint64_t now_ms = clock_monotonic_ms();

    if (now_ms - ward->started_ms >= STAYED_UP_MS || ward->delay_ms == 0)
        ward->delay_ms = RESTART_FIRST_MS;
    else if (ward->delay_ms < RESTART_MAX_MS)
        ward->delay_ms *= 2;
    ward->pid = 0;
    ward->start_at_ms = now_ms + ward->delay_ms;
}

/* The exit status of a container is on disk before its zombie goes. */
static void keeper_reap(struct keeper *keeper)
{
    siginfo_t info;

    for (;;) {
        int status;

        memset(&info, 0, sizeof(info));
        if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid == 0)
            return;
        status = info.si_code == CLD_EXITED ? info.si_status << 8 : info.si_status & 0x7f;
        if (info.si_pid == keeper->supervisor.pid) {
            keeper->ended = status == 0;
            ward_ended(&keeper->supervisor);
        } else if (info.si_pid == keeper->worker.pid) {
            ward_ended(&keeper->worker);
            if (status == 0) /* it was told to: the project ends */
                keeper->worker.start_at_ms = NEVER_MS;
        } else {
            exits_append(keeper->dir->run_fd, info.si_pid, process_start_time(info.si_pid), status);
        }
        (void)waitpid(info.si_pid, NULL, 0);
    }
}

static int ward_timeout_ms(const struct ward *ward, uint64_t now_ms)
{
    if (ward->start_at_ms == NEVER_MS)
        return -1;
    return ward->start_at_ms > now_ms ? (int)(ward->start_at_ms - now_ms) : 0;
}

static void keeper_start_wards(struct keeper *keeper)
{
    uint64_t now_ms = clock_monotonic_ms();
    struct error err = {0};

    if (ward_timeout_ms(&keeper->worker, now_ms) == 0 && worker_spawn(keeper, &err) < 0) {
        log_warning("net worker of '%s': %s", keeper->project, err.text);
        ward_ended(&keeper->worker);
    }
    if (ward_timeout_ms(&keeper->supervisor, now_ms) == 0 && supervisor_spawn(keeper, &err) < 0) {
        log_warning("supervisor of '%s': %s", keeper->project, err.text);
        if (keeper->supervisor.pid == 0)
            ward_ended(&keeper->supervisor);
    }
}

static void keeper_wait(struct keeper *keeper)
{
    uint64_t now_ms = clock_monotonic_ms();
    int first = ward_timeout_ms(&keeper->supervisor, now_ms);
    int second = ward_timeout_ms(&keeper->worker, now_ms);
    int timeout = first < 0 || (second >= 0 && second < first) ? second : first;
    struct pollfd polled[] = {{.fd = keeper->signal_fd, .events = POLLIN},
                              {.fd = keeper->socket_fd, .events = POLLIN}};
    struct signalfd_siginfo info;

    if (poll(polled, ARRAY_LENGTH(polled), timeout) <= 0)
        return;
    if (polled[1].revents)
        keeper_listen(keeper);
    if (polled[0].revents)
        while (read(keeper->signal_fd, &info, sizeof(info)) > 0)
            continue;
    keeper_reap(keeper);
}

/* The project has ended. A worker that was not yet there to be told so goes too. */
static void worker_end(struct keeper *keeper)
{
    if (keeper->worker.pid <= 0)
        return;
    (void)kill(keeper->worker.pid, SIGKILL);
    (void)waitpid(keeper->worker.pid, NULL, 0);
}

/* -- beginning */

static int keeper_lock(struct keeper *keeper, struct error *err)
{
    keeper->lock_fd =
        openat(keeper->dir->run_fd, "keeper.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (keeper->lock_fd < 0 || flock(keeper->lock_fd, LOCK_EX | LOCK_NB) < 0)
        return error_sys(err, "lock 'keeper.lock'");
    return 0;
}

/* Detached from terminals; what it has to say goes to a file of the project. */
static int keeper_stdio(struct keeper *keeper, struct error *err)
{
    scoped_fd int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    scoped_fd int log_fd = openat(keeper->dir->data_fd, "supervisor.log",
                                  O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (null_fd < 0 || log_fd < 0 || dup2(null_fd, STDIN_FILENO) < 0 ||
        dup2(null_fd, STDOUT_FILENO) < 0 || dup2(log_fd, STDERR_FILENO) < 0)
        return error_sys(err, "open 'supervisor.log'");
    return 0;
}

static int keeper_open(struct keeper *keeper, struct arena *arena, struct error *err)
{
    struct roots roots;
    sigset_t signals;

    if (roots_find(arena, &roots, err) < 0 ||
        project_dir_open(arena, &roots, keeper->project, true, &keeper->dir, err) < 0 ||
        keeper_lock(keeper, err) < 0 || keeper_stdio(keeper, err) < 0)
        return -1;
    (void)umask(022);
    (void)!chdir("/");
    (void)signal(SIGHUP, SIG_IGN);
    (void)signal(SIGPIPE, SIG_IGN);
    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGCHLD);
    (void)sigprocmask(SIG_BLOCK, &signals, NULL);
    keeper->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    if (keeper->signal_fd < 0 || prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
        return error_sys(err, "prepare to keep '%s'", keeper->project);
    return 0;
}

int keeper_main(const char *project, int take_ready_fd, const char *parked)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct keeper keeper = {.project = project,
                            .supervisor = {.role = "supervisor"},
                            .worker = {.role = "net worker"},
                            .socket_fd = -1,
                            .ready_fd = take_ready_fd};
    struct error err = {0};

    if (take_ready_fd >= 0)
        (void)fcntl(take_ready_fd, F_SETFD, FD_CLOEXEC);
    if (keeper_open(&keeper, arena, &err) < 0) {
        if (err.number != EWOULDBLOCK)
            (void)!fd_write_all(take_ready_fd, err.text, strlen(err.text));
        return 1;
    }
    parked_inherit(&keeper, parked);
    keeper_reap(&keeper); /* who ended while we became the keeper */
    while (!keeper.ended) {
        keeper_start_wards(&keeper);
        keeper_wait(&keeper);
    }
    worker_end(&keeper);
    while (keeper.parked)
        parked_forget(&keeper, keeper.parked->name);
    project_dir_close(keeper.dir);
    return 0;
}

/* -- starting one */

int keeper_start(const char *project, int *ret_ready_fd, struct error *err)
{
    int fds[2];
    pid_t pid;

    if (pipe2(fds, O_CLOEXEC) < 0)
        return error_sys(err, "create pipe");
    pid = fork();
    if (pid < 0) {
        fd_close(fds[0]);
        fd_close(fds[1]);
        return error_sys(err, "start keeper");
    }
    if (pid == 0) {
        /* Twice, so that it is nobody's child and holds no terminal. */
        (void)setsid();
        if (fork() == 0)
            child_exec(ROLE_KEEPER, project, (int[]){fds[1]}, 1);
        _exit(0);
    }
    fd_close(fds[1]);
    (void)waitpid(pid, NULL, 0);
    *ret_ready_fd = fds[0];
    return 0;
}

int keeper_become(const char *program, const char *project, const char *parked, struct error *err)
{
    char *args[] = {(char *)(uintptr_t) "yawl", (char *)(uintptr_t)ROLE_KEEPER,
                    (char *)(uintptr_t)project, (char *)(uintptr_t) "-1",
                    (char *)(uintptr_t)parked,  NULL};

    (void)execv(program ? program : "/proc/self/exe", args);
    return error_sys(err, "become the keeper of '%s'", project);
}
