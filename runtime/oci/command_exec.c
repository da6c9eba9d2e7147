/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/file.h"
#include "common/limits.h"
#include "runtime/capabilities.h"
#include "runtime/cgroup/cgroup.h"
#include "runtime/identity.h"
#include "runtime/oci/console.h"
#include "runtime/oci/life.h"
#include "runtime/oci/preserved.h"

struct exec_options {
    const char *cwd, *user, *process, *pid_file, *console_socket, *preserve_fds, *apparmor, *label;
    const char *cgroup;
    struct string_list env, caps, groups;
    bool tty, detach, no_new_privileges, ignore_paused;
    size_t n_preserved;
};

/*
 * What is run
 */

static int read_process_file(struct oci_call *call, const char *path, struct oci_process *process,
                             struct error *err)
{
    scoped_text struct text text = {0};
    scoped(json_release) json_t *json = NULL;
    struct oci_reader reader = {.arena = call->arena, .file = path};
    /* What is said outside of a process object, or of every `exec` in the container's own. */
    struct oci_process read = {.exec_cpus_first = process->exec_cpus_first,
                               .exec_cpus_last = process->exec_cpus_last,
                               .spec = {.filter = process->spec.filter,
                                        .filter_flags = process->spec.filter_flags,
                                        .listener_path = process->spec.listener_path,
                                        .listener_metadata = process->spec.listener_metadata,
                                        .memory_policy = process->spec.memory_policy}};

    if (file_read(AT_FDCWD, path, LIMIT_JSON_BYTES, &text, NULL, err) < 0)
        return -1;
    json = oci_json_parse(text_get(&text), text.length, err);
    if (!json)
        return error_wrap(err, "%s", path);
    oci_process_read(&reader, (struct oci_at){json, ""}, &read);
    *process = read;
    return oci_finish(&reader, err);
}

/* A name is looked up in the container, as `user:` of a service. */
static int take_user(struct oci_call *call, const struct oci_container *container,
                     const struct exec_options *options, struct process_spec *spec,
                     struct error *err)
{
    struct identity *identity = arena_new_object(call->arena, struct identity);
    scoped_fd int root_fd = container_open_root(container->handle);

    if (root_fd < 0)
        return error_sys(err, "open the root of process %d", container->record.pid);
    if (identity_find(root_fd, options->user, options->groups, identity, err) < 0)
        return error_wrap(err, "--user");
    spec->uid = identity->uid;
    spec->gid = identity->gid;
    spec->groups = identity->groups;
    spec->n_groups = identity->n_groups;
    /* What root was given is not for others. */
    if (spec->uid != 0)
        spec->effective = spec->permitted = spec->ambient = 0;
    return 0;
}

static void add_capabilities(const struct oci_call *call, const struct exec_options *options,
                             struct process_spec *spec)
{
    uint64_t added = 0;

    for (size_t i = 0; i < options->caps.count; i++)
        if (!capabilities_add_name(options->caps.items[i], &added))
            call_report(call, "warning",
                        arena_printf(call->arena, "--cap: there is no capability '%s'",
                                     options->caps.items[i]));
    spec->bounding |= added;
    spec->effective |= added;
    spec->permitted |= added;
    if (spec->uid != 0) {
        spec->inheritable |= added;
        spec->ambient |= added;
    }
}

static int add_groups(struct oci_call *call, const struct exec_options *options,
                      struct process_spec *spec, struct error *err)
{
    size_t count = spec->n_groups + options->groups.count;
    uint32_t *groups = arena_new_array(call->arena, uint32_t, count + 1);

    if (count > IDENTITY_MAX_GROUPS)
        return error_set(err, "--additional-gids: more than %d", IDENTITY_MAX_GROUPS);
    memcpy(groups, spec->groups ? spec->groups : groups, spec->n_groups * sizeof(*groups));
    for (size_t i = 0; i < options->groups.count; i++) {
        unsigned long long gid;

        if (!string_to_u64(options->groups.items[i], UINT32_MAX, &gid))
            return error_set(err, "--additional-gids: '%s' is no number", options->groups.items[i]);
        groups[spec->n_groups + i] = (uint32_t)gid;
    }
    spec->groups = groups;
    spec->n_groups = count;
    return 0;
}

static int take_labels(struct oci_call *call, const struct exec_options *options,
                       struct process_spec *spec, struct error *err)
{
    struct oci_reader reader = {.arena = call->arena, .file = "exec"};
    const struct oci_at at = {NULL, ""};

    if (options->apparmor)
        oci_label_take(&reader, at, &(struct oci_label){"--apparmor", options->apparmor, true},
                       spec);
    if (options->label)
        oci_label_take(&reader, at, &(struct oci_label){"--process-label", options->label, false},
                       spec);
    return oci_finish(&reader, err);
}

/* What the container's own process has, changed by the options; or a process file. */
static int plan(struct oci_call *call, const struct exec_options *options,
                struct oci_container *container, struct string_list command, struct error *err)
{
    struct oci_process *process = &container->config.process;
    struct process_spec *spec = &process->spec;

    /* As crun has it, these are for each to ask for. */
    process->terminal = process->no_new_privileges = false;
    spec->rows = spec->columns = 0;
    if (options->process && read_process_file(call, options->process, process, err) < 0)
        return -1;
    if (!options->process) {
        if (command.count == 0)
            return error_set(err, "exec: there is no command to run");
        process->args = command;
    }
    for (size_t i = 0; i < options->env.count; i++)
        string_list_add(call->arena, &process->env, options->env.items[i]);
    process->cwd = options->cwd ? options->cwd : process->cwd;
    process->terminal = process->terminal || options->tty;
    process->no_new_privileges = process->no_new_privileges || options->no_new_privileges;
    if (options->user ? take_user(call, container, options, spec, err) < 0
                      : add_groups(call, options, spec, err) < 0)
        return -1;
    if (take_labels(call, options, spec, err) < 0)
        return -1;
    add_capabilities(call, options, spec);
    spec->cpus = process->exec_cpus_last;
    spec->n_preserved = options->n_preserved;
    life_limit_capabilities(&container->config);
    return 0;
}

/*
 * Running it
 */

static int open_terminal(const struct exec_options *options, const struct oci_container *container,
                         int *ret_master_fd, int *ret_slave_fd, struct error *err)
{
    if (!container->config.process.terminal)
        return 0;
    if (options->detach && !options->console_socket)
        return error_set(err, "exec: use --console-socket to say who takes the terminal");
    if (container_open_tty(container->handle, ret_master_fd, ret_slave_fd, err) < 0)
        return -1;
    return options->console_socket ? console_send(options->console_socket, *ret_master_fd, err) : 0;
}

/* Where we run passes on to the program, which is born in its control group. */
static int choose_place(const struct exec_options *options, const struct oci_container *container,
                        struct cgroup **ret_cgroup, struct error *err)
{
    const struct number_set *cpus = container->config.process.exec_cpus_first;
    const struct resctrl_spec *resctrl = container->config.resctrl;
    struct cgroup *own = container_cgroup(container->handle);
    scoped_fd int resctrl_fd = -1;

    if (cpus && syscall(SYS_sched_setaffinity, 0, sizeof(cpus->words), cpus->words) < 0)
        return error_sys(err, "choose the processors");
    if (resctrl && (resctrl_open(&resctrl_fd, err) < 0 ||
                    resctrl_enter(resctrl_fd, resctrl, container->record.id, getpid(), err) < 0))
        return -1;
    if (!options->cgroup)
        return 0;
    if (!own)
        return error_set(err, "--cgroup: the container's control group is gone");
    if (cgroup_open_below(own, options->cgroup, ret_cgroup, err) < 0)
        return error_wrap(err, "--cgroup");
    return 0;
}

static int run(const struct exec_options *options, struct oci_container *container,
               struct error *err)
{
    const struct oci_process *process = &container->config.process;
    struct container_spec *spec = &container->config.container;
    scoped(cgroup_free) struct cgroup *cgroup = NULL;
    scoped_fd int master_fd = -1, slave_fd = -1;
    struct exec_spec exec = {.args = process->args,
                             .env = process->env,
                             .cwd = process->cwd,
                             .tty = process->terminal,
                             .process = &process->spec,
                             .stdio_fds = {0, 1, 2}};
    struct exec_result result;
    int status = 0;

    if (open_terminal(options, container, &master_fd, &slave_fd, err) < 0)
        return -1;
    for (int i = 0; i < 3 && slave_fd >= 0; i++)
        exec.stdio_fds[i] = slave_fd;
    spec->no_new_privileges = process->no_new_privileges;
    if (choose_place(options, container, &cgroup, err) < 0)
        return -1;
    exec.cgroup = cgroup;
    if (container_execute(container->handle, spec, &exec, &result, err) < 0)
        return -1;
    fd_close(steal_fd(&slave_fd));
    if (pid_file_write(options->pid_file, result.pid, err) < 0)
        status = -1;
    else if (!options->detach)
        status = console_wait(result.pidfd, options->console_socket ? -1 : master_fd, err);
    fd_close(result.pidfd);
    return status;
}

static int exec_in(struct oci_call *call, const struct exec_options *options,
                   struct oci_container *container, struct string_list command, struct error *err)
{
    if (container->status == OCI_PAUSED && !options->ignore_paused)
        return error_set(err, "container '%s' is paused: resume it first", container->record.id);
    if (!container->handle || container->status == OCI_CREATING)
        return error_set(err, "container '%s' is %s: only a running one can be joined",
                         container->record.id, oci_status_name(container->status));
    if (plan(call, options, container, command, err) < 0)
        return -1;
    return run(options, container, err);
}

int command_exec(struct oci_call *call, struct error *err)
{
    struct exec_options o = {0};
    const struct option_row rows[] = {
        {0, "cwd", OPTION_STRING, &o.cwd, "DIR", "working directory"},
        {'e', "env", OPTION_LIST, &o.env, "NAME=VALUE", "set a variable"},
        {'t', "tty", OPTION_FLAG, &o.tty, NULL, "with a terminal"},
        {'u', "user", OPTION_STRING, &o.user, "USER[:GROUP]", "who it runs as"},
        {'g', "additional-gids", OPTION_LIST, &o.groups, "GID", "a further group"},
        {'p', "process", OPTION_STRING, &o.process, "FILE", "a process object instead of all this"},
        {'d', "detach", OPTION_FLAG, &o.detach, NULL, "do not wait for the end"},
        {0, "pid-file", OPTION_STRING, &o.pid_file, "FILE", "where to write the pid"},
        {0, "console-socket", OPTION_STRING, &o.console_socket, "SOCKET",
         "unix socket that takes the terminal"},
        {0, "no-new-privs", OPTION_FLAG, &o.no_new_privileges, NULL, "set no_new_privs"},
        {'c', "cap", OPTION_LIST, &o.caps, "CAP", "a further capability"},
        {0, "preserve-fds", OPTION_STRING, &o.preserve_fds, "N",
         "descriptors from 3 on to pass on"},
        {0, "ignore-paused", OPTION_FLAG, &o.ignore_paused, NULL, "also when it is paused"},
        {0, "apparmor", OPTION_STRING, &o.apparmor, "PROFILE", "an AppArmor profile"},
        {0, "process-label", OPTION_STRING, &o.label, "LABEL", "an SELinux label"},
        {0, "cgroup", OPTION_STRING, &o.cgroup, "PATH", "a control group below the container's"},
        {0},
    };
    const struct oci_usage usage = {"exec [OPTIONS] ID [COMMAND ARGUMENT...]", rows, 1, true};
    struct oci_container container;
    struct string_list operands = {0}, command = {0};
    int result = call_options(call, &usage, &operands, err);

    if (result != 0)
        return result < 0 ? -1 : 0;
    for (size_t i = 1; i < operands.count; i++)
        string_list_add(call->arena, &command, operands.items[i]);
    if (preserved_count(o.preserve_fds, &o.n_preserved, err) < 0)
        return -1;
    result = oci_container_open(call, operands.items[0], OCI_FILTERED, &container, err);
    if (result == 0)
        result = exec_in(call, &o, &container, command, err);
    oci_container_close(&container);
    return result;
}
