/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/hooks.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/wait.h>

#include "common/fd.h"
#include "common/json.h"
#include "common/text.h"
#include "runtime/failure.h"
#include "runtime/kernel.h"

/*
 * Their input
 */

void hooks_state_format(const struct bundle_spec *bundle, pid_t pid, const char *status,
                        struct text *out)
{
    scoped(json_release) json_t *state =
        json_pack("{s:s,s:s,s:s,s:i,s:s}", "ociVersion", bundle->oci_version, "id", bundle->id,
                  "status", status, "pid", (int)pid, "bundle", bundle->dir);
    json_t *annotations = bundle->annotations ? json_loads(bundle->annotations, 0, NULL) : NULL;

    if (!state)
        abort();
    if (annotations)
        (void)json_object_set_new(state, "annotations", annotations);
    json_format(state, out);
}

int hook_files_open(const struct bundle_hooks *hooks, struct hook_files *ret_files,
                    struct error *err)
{
    *ret_files = (struct hook_files){memfd_create("state", MFD_CLOEXEC), {-1, -1}};
    if (ret_files->state_fd < 0)
        return error_sys(err, "make a file for the state");
    for (size_t i = 0; hooks && i < ARRAY_LENGTH(hooks->output_paths); i++) {
        const char *path = hooks->output_paths[i];

        if (!path)
            continue;
        ret_files->output_fds[i] =
            open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0644);
        if (ret_files->output_fds[i] < 0)
            return error_sys(err, "open '%s' for hooks", path);
    }
    return 0;
}

void hook_files_close(const struct hook_files *files)
{
    fd_close(files->state_fd);
    fd_close(files->output_fds[0]);
    fd_close(files->output_fds[1]);
}

int hooks_state_write(const struct bundle_spec *bundle, pid_t pid, const char *status, int state_fd,
                      struct error *err)
{
    scoped_text struct text state = {0};

    hooks_state_format(bundle, pid, status, &state);
    if (fd_write_all(state_fd, state.data, state.length) < 0)
        return error_sys(err, "write the state for hooks");
    return 0;
}

/*
 * Running
 */

/* execve() wants lists that it does not change without const. */
static char *const *exec_list(const char *const *list)
{
    union {
        const char *const *in;
        char *const *out;
    } cast = {.in = list};

    return cast.out;
}

struct hook_surroundings hook_surroundings_outside(const struct bundle_spec *bundle,
                                                   const struct hook_files *files)
{
    union {
        char *const *in;
        const char *const *out;
    } cast = {.in = environ};

    return (struct hook_surroundings){files, bundle->dir, cast.out};
}

/* *ret_number is in memory that the starter sees. */
static _Noreturn void hook_become(const struct hook_spec *hook,
                                  const struct hook_surroundings *surroundings, int *ret_number)
{
    static const char *const no_env[] = {NULL};
    const char *const *env = hook->env ? hook->env : surroundings->env;
    const struct hook_files *files = surroundings->files;
    const int *output_fds = files->output_fds;
    sigset_t none;

    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    if ((!surroundings->dir || chdir(surroundings->dir) == 0) &&
        lseek(files->state_fd, 0, SEEK_SET) == 0 && dup2(files->state_fd, 0) == 0 &&
        dup2(output_fds[0] >= 0 ? output_fds[0] : 2, 1) == 1 &&
        (output_fds[1] < 0 || dup2(output_fds[1], 2) == 2) && close_range(3, ~0U, 0) == 0)
        (void)execve(hook->path, exec_list(hook->args), exec_list(env ? env : no_env));
    *ret_number = errno;
    _exit(EXIT_CODE_OURS);
}

/* In words that suites look for: "run hook '/bin/x': the poststop hook failed with exit code 1". */
static int fail(const struct hook_spec *hook, const char *kind, const siginfo_t *end,
                struct failure *failure)
{
    (void)failure_set(failure, "run hook", hook->path, "the ");
    failure_add(failure, kind);
    failure_add(failure, end->si_code == CLD_EXITED ? " hook failed with exit code "
                                                    : " hook was ended by signal ");
    failure_add_number(failure, (unsigned)end->si_status);
    return -1;
}

static int hook_wait(const struct hook_spec *hook, const char *kind, int pidfd,
                     struct failure *failure)
{
    struct pollfd end = {.fd = pidfd, .events = POLLIN};
    siginfo_t info = {0};
    int ready;

    do {
        ready = poll(&end, 1, hook->timeout_s > 0 ? hook->timeout_s * 1000 : -1);
    } while (ready < 0 && errno == EINTR);
    if (ready == 0)
        (void)pidfd_send_signal(pidfd, SIGKILL, NULL, 0);
    while (waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED) < 0)
        if (errno != EINTR)
            return failure_sys(failure, "wait for hook", hook->path);
    if (ready == 0)
        return failure_set(failure, "run hook", hook->path, "it does not end in time");
    if (info.si_code != CLD_EXITED || info.si_status != 0)
        return fail(hook, kind, &info, failure);
    return 0;
}

static int hook_run_once(const struct hook_spec *hook, const char *kind,
                         const struct hook_surroundings *surroundings, int *number,
                         struct failure *failure)
{
    int pidfd = -1, result;
    struct clone_args args = {
        .flags = CLONE_PIDFD, .pidfd = (uint64_t)(uintptr_t)&pidfd, .exit_signal = SIGCHLD};
    pid_t pid = kernel_clone3(&args);

    if (pid == 0)
        hook_become(hook, surroundings, number);
    if (pid < 0)
        return failure_sys(failure, "clone a process for hook", hook->path);
    result = hook_wait(hook, kind, pidfd, failure);
    fd_close(pidfd);
    if (result == 0 || *number == 0)
        return result;
    errno = *number;
    return failure_sys(failure, "run hook", hook->path);
}

static int hook_run(const struct hook_spec *hook, const char *kind,
                    const struct hook_surroundings *surroundings, struct failure *failure)
{
    /* Why it did not come to run. */
    int *number =
        mmap(NULL, sizeof(*number), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int result;

    if (number == MAP_FAILED)
        return failure_sys(failure, "clone a process for hook", hook->path);
    result = hook_run_once(hook, kind, surroundings, number, failure);
    (void)munmap(number, sizeof(*number));
    return result;
}

int hooks_run(const struct hook_list *hooks, const struct hook_surroundings *surroundings,
              struct failure *failure)
{
    for (size_t i = 0; i < hooks->count; i++)
        if (hook_run(&hooks->items[i], hooks->kind, surroundings, failure) < 0)
            return -1;
    return 0;
}
