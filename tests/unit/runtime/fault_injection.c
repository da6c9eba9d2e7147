/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/runtime/fault_injection.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/file.h"
#include "common/text.h"

/* Between the processes. */
struct shared {
    int listener_fd; /* as the child numbers it; -1: not yet there */
    struct fault_outcome outcome;
};

static const uint32_t not_asked[] = {
    SYS_exit,           SYS_exit_group,      SYS_rt_sigreturn,
    SYS_rt_sigprocmask, SYS_rt_sigaction,    SYS_sigaltstack,
    SYS_mmap,           SYS_munmap,          SYS_mprotect,
    SYS_madvise,        SYS_mremap,          SYS_brk,
    SYS_futex,          SYS_close,           SYS_getpid,
    SYS_gettid,         SYS_getuid,          SYS_geteuid,
    SYS_getgid,         SYS_getegid,         SYS_sched_yield,
    SYS_umask,          SYS_setsid,          SYS_clock_gettime,
    SYS_nanosleep,      SYS_clock_nanosleep, SYS_waitid,
    SYS_wait4,          SYS_restart_syscall, SYS_setfsuid,
    SYS_setfsgid,
};

static int install_filter(void)
{
    enum { N = sizeof(not_asked) / sizeof(not_asked[0]) };
    struct sock_filter insns[N + 3];
    struct sock_fprog program = {.len = N + 3, .filter = insns};

    insns[0] =
        (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    for (unsigned i = 0; i < N; i++)
        insns[i + 1] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, not_asked[i],
                                                    (unsigned char)(N - i), 0);
    insns[N + 1] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF);
    insns[N + 2] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER,
                        &program);
}

static int take_listener(pid_t pid, int pidfd, const struct shared *shared)
{
    struct timespec pause = {.tv_nsec = 100 * 1000};
    int fd;

    while (__atomic_load_n(&shared->listener_fd, __ATOMIC_ACQUIRE) < 0) {
        cr_assert_eq(waitpid(pid, NULL, WNOHANG), 0, "the filter cannot be loaded");
        (void)nanosleep(&pause, NULL);
    }
    fd = (int)syscall(SYS_pidfd_getfd, pidfd, shared->listener_fd, 0);
    cr_assert_geq(fd, 0);
    return fd;
}

struct judge {
    struct fault_run *run;
    const struct shared *shared;
    pid_t pids[FAULT_PROCESSES];
    bool runs_program[FAULT_PROCESSES];
};

/* FAULT_PROCESSES: it is none of those that are asked about. */
static size_t find_process(const struct judge *judge, pid_t pid)
{
    size_t i = 0;

    while (i < FAULT_PROCESSES && judge->pids[i] != pid)
        i++;
    return i < FAULT_PROCESSES && judge->runs_program[i] ? FAULT_PROCESSES : i;
}

/* It waits for us, so it is there. */
static pid_t parent_of(pid_t pid)
{
    scoped_text struct text status = {0};
    const char *line;
    char path[64];

    (void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
    (void)!file_read(AT_FDCWD, path, 64 * 1024, &status, NULL, NULL);
    line = strstr(text_get(&status), "\nPPid:");
    return line ? (pid_t)atoi(line + strlen("\nPPid:")) : -1;
}

static size_t process_of(struct judge *judge, pid_t pid)
{
    size_t place = 0;

    if (pid == judge->shared->outcome.bystander)
        return FAULT_PROCESSES;
    while (place < FAULT_PROCESSES && judge->pids[place] && judge->pids[place] != pid)
        place++;
    if (place < FAULT_PROCESSES && !judge->pids[place] &&
        find_process(judge, parent_of(pid)) < FAULT_PROCESSES)
        judge->pids[place] = pid;
    return find_process(judge, pid);
}

static bool is_time(const struct fault_outcome *outcome)
{
    return __atomic_load_n(&outcome->begun, __ATOMIC_ACQUIRE) &&
           !__atomic_load_n(&outcome->done, __ATOMIC_ACQUIRE);
}

/* Questions about oneself whose only answers are what is so, and "there is no such capability". */
static bool cannot_fail(const struct seccomp_data *call)
{
    return call->nr == SYS_capget || (call->nr == SYS_prctl && call->args[0] == PR_CAPBSET_READ);
}

/* The errno for this call, or 0 to let it go on. */
static int judge_call(struct judge *judge, const struct seccomp_notif *call)
{
    struct fault_run *run = judge->run;
    size_t process, place;

    if (!is_time(&judge->shared->outcome) || cannot_fail(&call->data))
        return 0;
    process = process_of(judge, (pid_t)call->pid);
    if (process == FAULT_PROCESSES)
        return 0;
    place = run->n_calls[process]++;
    if (process == run->process && place == run->index) {
        run->call = call->data.nr;
        return run->number;
    }
    if (call->data.nr == SYS_execve || call->data.nr == SYS_execveat)
        judge->runs_program[process] = true;
    return 0;
}

static void answer(struct judge *judge, int listener_fd)
{
    struct seccomp_notif call = {0};
    struct seccomp_notif_resp response = {0};

    /* ENOENT: it was killed meanwhile. */
    if (ioctl(listener_fd, SECCOMP_IOCTL_NOTIF_RECV, &call) < 0)
        return;
    response.id = call.id;
    response.error = -judge_call(judge, &call);
    if (response.error == 0)
        response.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    (void)ioctl(listener_fd, SECCOMP_IOCTL_NOTIF_SEND, &response);
}

static void preside(struct judge *judge, int listener_fd, int pidfd)
{
    struct pollfd polled[] = {{.fd = listener_fd, .events = POLLIN},
                              {.fd = pidfd, .events = POLLIN}};

    while (poll(polled, 2, 60000) > 0) {
        if (polled[0].revents & POLLIN)
            answer(judge, listener_fd);
        else if (polled[1].revents || (polled[0].revents & POLLHUP))
            return;
    }
    cr_assert_fail("it stands still, call %ld failed", judge->run->call);
}

void fault_begin(struct fault_outcome *outcome)
{
    __atomic_store_n(&outcome->begun, true, __ATOMIC_RELEASE);
}

void fault_end(struct fault_outcome *outcome, const char *error)
{
    __atomic_store_n(&outcome->done, true, __ATOMIC_RELEASE);
    if (!outcome->succeeded)
        (void)snprintf(outcome->error, sizeof(outcome->error), "%s", error);
}

static _Noreturn void run_body(struct shared *shared, fault_function *body, void *context)
{
    int fd = install_filter();

    if (fd < 0)
        _exit(1);
    __atomic_store_n(&shared->listener_fd, fd, __ATOMIC_RELEASE);
    body(context, &shared->outcome);
    _exit(0);
}

void fault_run(struct fault_run *run, fault_function *body, void *context)
{
    struct shared *shared =
        mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct judge judge = {.run = run, .shared = shared};
    scoped_fd int listener_fd = -1, pidfd = -1;
    int status = -1;
    pid_t pid;

    cr_assert_neq(shared, MAP_FAILED);
    shared->listener_fd = -1;
    run->call = -1;
    memset(run->n_calls, 0, sizeof(run->n_calls));
    pid = fork();
    if (pid == 0)
        run_body(shared, body, context);
    cr_assert_gt(pid, 0);
    judge.pids[0] = pid;
    pidfd = pidfd_open(pid, 0);
    listener_fd = take_listener(pid, pidfd, shared);
    preside(&judge, listener_fd, pidfd);
    cr_assert_eq(waitpid(pid, &status, 0), pid);
    run->ended = status == 0;
    run->outcome = shared->outcome;
    (void)munmap(shared, sizeof(*shared));
}
