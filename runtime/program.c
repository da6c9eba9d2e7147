/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order matters:
 *
 *   cwd as root -> bounding set -> groups -> [filter] -> uid -> capabilities -> cwd again ->
 *   close-on-exec -> signals -> [filter] -> execve
 *
 * Without no_new_privs a filter may only be loaded while CAP_SYS_ADMIN is still there; with it, it
 * comes last, so that it need not allow what happens in between.
 */
#include "runtime/program.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "common/own_ids.h"
#include "common/text.h"
#include "runtime/capabilities.h"
#include "runtime/channel.h"
#include "runtime/descriptors.h"
#include "runtime/kernel.h"
#include "runtime/process_settings.h"
#include "runtime/seccomp/seccomp_filter.h"
#include "runtime/seccomp_listener.h"

#define DEFAULT_SEARCH_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/*
 * Before the clone
 */

int program_plan(const struct container_spec *spec, struct arena *arena,
                 struct program *ret_program, struct error *err)
{
    struct string_list args = spec->args, env = spec->env;
    struct program program = {.search_path = DEFAULT_SEARCH_PATH,
                              .cwd = spec->cwd && *spec->cwd ? spec->cwd : "/",
                              .no_new_privileges = spec->no_new_privileges,
                              .init_fd = -1};

    if (!spec->bundle && (args.count == 0 || !args.items[0] || !*args.items[0]))
        return error_set(err, "there is no command to run");
    if (program.cwd[0] != '/')
        return error_set(err, "working directory '%s' is not absolute", program.cwd);
    program.argv = arena_new_array(arena, const char *, args.count + 3);
    program.argv += 2;
    if (args.count > 0)
        memcpy(program.argv, args.items, args.count * sizeof(args.items[0]));
    program.envp = arena_new_array(arena, const char *, env.count + 2);
    for (size_t i = 0; i < env.count; i++) {
        program.envp[i] = env.items[i];
        program.has_home = program.has_home || string_starts_with(env.items[i], "HOME=");
        if (string_starts_with(env.items[i], "PATH="))
            program.search_path = env.items[i] + strlen("PATH=");
    }
    program.n_env = env.count;
    if (spec->bundle) {
        program.process = spec->bundle->process;
        program.keeps_groups = own_ids_keep_groups(getpid());
        program.filter = program.process->filter;
        program.filter_flags = program.process->filter_flags;
        *ret_program = program;
        return 0;
    }
    if (capabilities_of(spec, spec->id_map.count > 0, &program.capabilities, err) < 0)
        return -1;
    if (!spec->privileged && !spec->seccomp_unconfined)
        program.filter = seccomp_filter_default(program.capabilities);
    *ret_program = program;
    return 0;
}

/*
 * After it
 */

void program_reset_signals(void)
{
    struct sigaction standard = {.sa_handler = SIG_DFL};

    for (int i = 1; i < NSIG; i++)
        (void)sigaction(i, &standard, NULL);
}

static int load_filter(const struct program *program, int channel_fd, struct failure *failure)
{
    if (program->filter.len == 0)
        return 0;
    if (program->filter_flags & SECCOMP_FILTER_FLAG_NEW_LISTENER)
        return seccomp_listener_load(&program->filter, program->filter_flags, channel_fd, failure);
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, program->filter_flags, &program->filter) < 0)
        return failure_sys(failure, "load the system call filter", NULL);
    return 0;
}

static int take_groups(const struct program *program, const struct identity *identity,
                       struct failure *failure)
{
    if (!program->keeps_groups && kernel_setgroups(identity->n_groups, identity->groups) < 0)
        return failure_sys(failure, "set the supplementary groups", NULL);
    if (kernel_setresgid(identity->gid) < 0)
        return failure_sys(failure, "set the group id", NULL);
    return 0;
}

static struct capability_sets sets_of(const struct program *program,
                                      const struct identity *identity)
{
    const struct process_spec *process = program->process;
    uint64_t kept = identity->uid == 0 ? program->capabilities : 0;

    if (process)
        return (struct capability_sets){process->bounding, process->effective, process->permitted,
                                        process->inheritable, process->ambient};
    return (struct capability_sets){program->capabilities, kept, kept, 0, 0};
}

/* A bundle's filter may forbid what is still to be done. */
static bool filters_last(const struct program *program)
{
    return program->process && program->no_new_privileges;
}

static int take_privileges(const struct program *program, const struct identity *identity,
                           int channel_fd, struct failure *failure)
{
    struct capability_sets sets = sets_of(program, identity);

    if (prctl(PR_GET_SECUREBITS) > 0 && prctl(PR_SET_SECUREBITS, 0) < 0)
        return failure_sys(failure, "clear the securebits", NULL);
    if (capabilities_bound(sets.bounding, failure) < 0 ||
        take_groups(program, identity, failure) < 0)
        return -1;
    if (!filters_last(program) && load_filter(program, channel_fd, failure) < 0)
        return -1;
    /* Otherwise another user could keep nothing of what a bundle gives it. */
    if (program->process && prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
        return failure_sys(failure, "keep the capabilities", NULL);
    if (kernel_setresuid(identity->uid) < 0)
        return failure_sys(failure, "set the user id", NULL);
    return capabilities_set(&sets, failure);
}

/* Fails in a directory that is outside of the root: then its name does not begin with '/'
 * (CVE-2024-21626). */
static int check_cwd(const char *cwd, struct failure *failure)
{
    char name[PATH_MAX];
    long length = syscall(SYS_getcwd, name, sizeof(name));

    if (length < 0)
        return failure_sys(failure, "find the working directory", cwd);
    if (name[0] != '/')
        return failure_set(failure, "change to working directory", cwd, "it is outside the root");
    return 0;
}

/* The candidate for a program name in one directory of PATH. */
static const char *candidate_of(const char *dir, size_t dir_length, const char *name,
                                char space[PATH_MAX])
{
    size_t name_length = strlen(name);

    if (dir_length == 0) {
        dir = ".";
        dir_length = 1;
    }
    if (dir_length + 1 + name_length + 1 > PATH_MAX)
        return NULL;
    memcpy(space, dir, dir_length);
    space[dir_length] = '/';
    memcpy(space + dir_length + 1, name, name_length + 1);
    return space;
}

static bool is_executable(const char *path)
{
    struct stat status;

    if (stat(path, &status) < 0)
        return false;
    if (!S_ISREG(status.st_mode)) {
        errno = EACCES;
        return false;
    }
    return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) == 0;
}

/* execve() wants lists that it does not change without const. */
static char *const *exec_list(const char **list)
{
    union {
        const char **in;
        char *const *out;
    } cast = {.in = list};

    return cast.out;
}

/* Executes one candidate, or hands it to our init. Returns with errno when it cannot be; 0 says
 * that it was only looked for and could. */
static void try_candidate(struct program *program, const char *path)
{
    if (program->looks_only) {
        if (is_executable(path))
            errno = 0;
        return;
    }
    if (program->init_fd < 0) {
        (void)execve(path, exec_list(program->argv), exec_list(program->envp));
        return;
    }
    if (!is_executable(path))
        return;
    program->argv[-2] = "init";
    program->argv[-1] = path;
    (void)execveat(program->init_fd, "", exec_list(program->argv - 2), exec_list(program->envp),
                   AT_EMPTY_PATH);
}

static int fail_to_run(const char *name, int number, struct failure *failure)
{
    errno = number;
    (void)failure_sys(failure, "run", name);
    failure->exit_code = number == ENOENT ? EXIT_CODE_NOT_FOUND : EXIT_CODE_CANNOT_RUN;
    return -1;
}

/* Looks the program up as execvp(3) does, and executes it. A candidate that exists but may not be
 * executed is remembered, so that the exit codes 126 and 127 are right. */
static int execute(struct program *program, struct failure *failure)
{
    const char *name = program->argv[0];
    const char *dir = program->search_path;
    char space[PATH_MAX];
    int number = ENOENT;

    if (strchr(name, '/')) {
        try_candidate(program, name);
        if (errno == 0)
            return 0;
        return fail_to_run(name, errno == ENOTDIR ? ENOENT : errno, failure);
    }
    for (;;) {
        size_t length = strcspn(dir, ":");
        const char *path = candidate_of(dir, length, name, space);

        errno = ENOENT;
        if (path)
            try_candidate(program, path);
        if (errno == 0)
            return 0;
        if (errno == EACCES)
            number = EACCES;
        else if (errno != ENOENT && errno != ENOTDIR)
            return fail_to_run(name, errno, failure);
        if (dir[length] == '\0')
            return fail_to_run(name, number, failure);
        dir += length + 1;
    }
}

int program_look(struct program *program, struct failure *failure)
{
    int result;

    if (!program->argv[0])
        return 0;
    /* For a name that is relative; what is wrong with the directory shows later. */
    (void)!chdir(program->cwd);
    program->looks_only = true;
    result = execute(program, failure);
    program->looks_only = false;
    if (chdir("/") < 0)
        return failure_sys(failure, "enter the new root", NULL);
    return result;
}

static void add_home(struct program *program, const struct identity *identity,
                     char space[IDENTITY_MAX_HOME + 8])
{
    if (program->has_home)
        return;
    memcpy(space, "HOME=", 5);
    memcpy(space + 5, identity->home, sizeof(identity->home));
    program->envp[program->n_env] = space;
    program->envp[program->n_env + 1] = NULL;
}

static int enter_session(const struct program *program, struct failure *failure)
{
    (void)umask(program->process ? program->process->umask : 022);
    /* Fails only when it leads a session already. */
    (void)setsid();
    if (program->tty && ioctl(0, TIOCSCTTY, 0) < 0)
        return failure_sys(failure, "take the controlling terminal", NULL);
    return 0;
}

/* Only after this are handlers of the container's own able to run. */
static int let_go(const struct program *program, int channel_fd, struct failure *failure)
{
    sigset_t none;

    if (descriptors_keep_over_execve(program->process ? program->process->n_preserved : 0) < 0)
        return failure_sys(failure, "close descriptors", NULL);
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    if (channel_say(channel_fd, CHANNEL_EXEC) < 0)
        return failure_sys(failure, "tell the starter", NULL);
    return 0;
}

int program_yield(struct program *program, const struct identity *identity, int channel_fd,
                  struct failure *failure)
{
    /* As root first: the user may be unable to reach it, and on some network file systems root is.
     */
    program->is_in_cwd = chdir(program->cwd) == 0;
    if (program->no_new_privileges && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return failure_sys(failure, "set no_new_privs", NULL);
    program->is_bare = true;
    return take_privileges(program, identity, channel_fd, failure);
}

int program_run(struct program *program, const struct identity *identity, int channel_fd,
                struct failure *failure)
{
    char home[IDENTITY_MAX_HOME + 8];

    add_home(program, identity, home);
    if (enter_session(program, failure) < 0)
        return -1;
    if (program->process && process_settings_take(program->process, failure) < 0)
        return -1;
    if (!program->is_bare && program_yield(program, identity, channel_fd, failure) < 0)
        return -1;
    if (!program->is_in_cwd && chdir(program->cwd) < 0)
        return failure_sys(failure, "change to working directory", program->cwd);
    if (check_cwd(program->cwd, failure) < 0)
        return -1;
    if (let_go(program, channel_fd, failure) < 0)
        return -1;
    if (filters_last(program) && load_filter(program, channel_fd, failure) < 0)
        return -1;
    return execute(program, failure);
}
