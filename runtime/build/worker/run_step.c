/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/build/worker/run_step.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/file.h"
#include "common/path.h"
#include "common/tty_relay.h"
#include "net/network_spec.h"
#include "runtime/container.h"
#include "runtime/image/worker/dir_names.h"

enum { TAIL_BYTES = 16 * 1024, READ_BYTES = 8 * 1024, RESOLV_BYTES = 65536 };

/* One RUN on its way. */
struct run {
    const struct run_step *step;
    struct container_spec spec;
    struct container *container;
    int output_fd;
    struct text *tail;
};

/* -- what it finds */

static bool is_directory(const char *path, const char *subpath)
{
    scoped_fd int root_fd = open(path, O_PATH | O_CLOEXEC);
    scoped_fd int fd = -1;
    struct stat status;

    if (root_fd < 0)
        return true; /* made when it is mounted */
    if (subpath && *subpath)
        fd = path_open_in_root(root_fd, subpath, O_PATH, 0);
    return fstat(fd >= 0 ? fd : root_fd, &status) < 0 || S_ISDIR(status.st_mode);
}

static int make_stub(int stub_fd, const char *target, bool directory, struct error *err)
{
    const char *base = path_base_name(target);
    char parent[PATH_MAX];
    scoped_fd int parent_fd = -1;
    scoped_fd int fd = -1;

    (void)snprintf(parent, sizeof(parent), "%.*s", (int)(base - target), target);
    parent_fd = path_make_dirs_in_root(stub_fd, directory ? target : parent, 0755);
    if (parent_fd < 0)
        return error_sys(err, "make mount point '%s'", target);
    if (directory)
        return 0;
    fd = openat(parent_fd, base, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);
    return fd < 0 ? error_sys(err, "make mount point '%s'", target) : 0;
}

/* The lowest layer. */
static int make_stubs(struct run *run, struct error *err)
{
    static const char *const files[] = {"/etc/hosts", "/etc/hostname", "/etc/resolv.conf"};
    static const char *const directories[] = {"/proc", "/sys", "/dev"};
    const struct run_step *step = run->step;
    struct string_list layers = {0};
    scoped_fd int stub_fd = -1;

    if (mkdirat(step->step_fd, "stubs", 0755) < 0)
        return error_sys(err, "make 'stubs'");
    stub_fd = openat(step->step_fd, "stubs", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (stub_fd < 0)
        return error_sys(err, "open 'stubs'");
    for (size_t i = 0; i < ARRAY_LENGTH(files); i++)
        if (make_stub(stub_fd, files[i], false, err) < 0)
            return -1;
    for (size_t i = 0; i < ARRAY_LENGTH(directories); i++)
        if (make_stub(stub_fd, directories[i], true, err) < 0)
            return -1;
    for (size_t i = 0; i < step->n_mounts; i++) {
        const struct mount_spec *mount = &step->mounts[i];

        if (make_stub(stub_fd, mount->target,
                      mount->kind == MOUNT_TMPFS || is_directory(mount->source, mount->subpath),
                      err) < 0)
            return -1;
    }
    string_list_add(step->arena, &layers, arena_printf(step->arena, "%s/stubs", step->step_path));
    for (size_t i = 0; i < step->layers.count; i++)
        string_list_add(step->arena, &layers, step->layers.items[i]);
    run->spec.layers = layers;
    return 0;
}

static bool is_on_host(const struct run_step *step)
{
    return string_eq(step->network, "host");
}

/* "name=address", as Compose has them, and "name:address". */
static const char *host_address(const char *host, size_t *ret_name_length)
{
    *ret_name_length = strcspn(host, "=:");
    return host[*ret_name_length] ? host + *ret_name_length + 1 : NULL;
}

static bool is_gateway(const char *address)
{
    return string_eq(address, "host-gateway");
}

static bool reaches_host(const struct run_step *step)
{
    size_t length;

    for (size_t i = 0; i < step->request->extra_hosts.count; i++)
        if (is_gateway(host_address(step->request->extra_hosts.items[i], &length)))
            return true;
    return false;
}

/* On the host's own network there is no relay that could stand for it. */
static void append_hosts(const struct run_step *step, struct text *out)
{
    text_append(out, "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n"
                     "127.0.0.1\tbuildkitsandbox\n");
    for (size_t i = 0; i < step->request->extra_hosts.count; i++) {
        size_t length;
        const char *host = step->request->extra_hosts.items[i];
        const char *address = host_address(host, &length);

        if (is_gateway(address))
            address = is_on_host(step) ? "127.0.0.1" : HOST_GATEWAY_ADDRESS;
        if (address)
            text_appendf(out, "%s\t%.*s\n", address, (int)length, host);
    }
}

static int write_etc(struct run *run, struct error *err)
{
    static const char hostname[] = "buildkitsandbox\n";
    const struct run_step *step = run->step;
    scoped_text struct text hosts = {0}, resolv = {0};
    scoped_fd int etc_fd = -1;
    bool exists;

    if (mkdirat(step->step_fd, "etc", 0755) < 0)
        return error_sys(err, "make 'etc'");
    etc_fd = openat(step->step_fd, "etc", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (etc_fd < 0)
        return error_sys(err, "open 'etc'");
    append_hosts(step, &hosts);
    if (is_on_host(step)) {
        if (file_read(AT_FDCWD, "/etc/resolv.conf", RESOLV_BYTES, &resolv, &exists, err) < 0)
            return -1;
    } else if (!string_eq(step->network, "none")) {
        text_append(&resolv, "nameserver 127.0.0.11\noptions ndots:0\n");
    }
    if (file_replace(etc_fd, "hosts", text_get(&hosts), hosts.length, 0644, err) < 0 ||
        file_replace(etc_fd, "hostname", hostname, strlen(hostname), 0644, err) < 0)
        return -1;
    return file_replace(etc_fd, "resolv.conf", text_get(&resolv), resolv.length, 0644, err);
}

static int make_output(struct run *run, struct error *err)
{
    const struct run_step *step = run->step;

    if (mkfifoat(step->step_fd, "output", 0600) < 0)
        return error_sys(err, "make 'output'");
    run->output_fd =
        openat(step->step_fd, "output", O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
    if (run->output_fd < 0)
        return error_sys(err, "open 'output'");
    run->spec.stdout_path = run->spec.stderr_path =
        arena_printf(step->arena, "%s/output", step->step_path);
    return 0;
}

static void describe(struct run *run)
{
    const struct run_step *step = run->step;
    const struct build_order *order = step->builder->order;

    run->spec = (struct container_spec){
        .id = path_base_name(step->step_path),
        .hostname = "buildkitsandbox",
        .args = step->args,
        .env = step->env,
        .cwd = step->cwd,
        .user = step->user,
        .upper_dir = step->step_path,
        .upper_is_layer = true,
        .mounts = step->mounts,
        .n_mounts = step->n_mounts,
        .etc_dir = arena_printf(step->arena, "%s/etc", step->step_path),
        .privileged = step->insecure,
        .host_network = is_on_host(step),
        .ulimits = step->request->ulimits,
        .n_ulimits = step->request->n_ulimits,
        .cgroup_parent = step->builder->cgroup_parent,
        .shm_bytes = step->request->shm_bytes,
        .tty = step->interactive,
    };
    /* A shared namespace of the host belongs to the host's user namespace. */
    if (!step->insecure && !is_on_host(step))
        run->spec.id_map =
            (struct id_map){.base = (uint32_t)order->id_base, .count = (uint32_t)order->id_count};
}

/* -- its life */

static void keep_tail(struct text *tail, const char *bytes, size_t length)
{
    text_append_bytes(tail, bytes, length);
    if (tail->length > 2 * TAIL_BYTES) {
        memmove(tail->data, tail->data + tail->length - TAIL_BYTES, TAIL_BYTES);
        tail->length = TAIL_BYTES;
        tail->data[TAIL_BYTES] = '\0';
    }
}

/* What there is to read, without waiting. */
static void read_output(struct run *run)
{
    char bytes[READ_BYTES];
    ssize_t n;

    while ((n = read(run->output_fd, bytes, sizeof(bytes))) > 0) {
        build_report_output(run->step->report, bytes, (size_t)n);
        keep_tail(run->tail, bytes, (size_t)n);
    }
}

static int wait_for_start(struct run *run, int *ret_exit_code, struct error *err)
{
    for (;;) {
        struct pollfd watched = {container_report_fd(run->container), POLLIN, 0};

        switch (container_report_read(run->container, ret_exit_code, err)) {
        case REPORT_STARTED:
            return 0;
        case REPORT_FAILED:
            return -1;
        case REPORT_PENDING:
            break;
        }
        if (poll(&watched, 1, -1) < 0 && errno != EINTR)
            return error_sys(err, "wait for the start");
    }
}

/* Until process 1 has ended, or the run is to end. */
static int wait_for_end(struct run *run, int *ret_exit_code, struct error *err)
{
    int pidfd = container_pidfd(run->container);
    siginfo_t info = {0};
    bool stopped = false;

    for (;;) {
        struct pollfd watched[] = {{run->output_fd, POLLIN, 0},
                                   {pidfd, POLLIN, 0},
                                   {stopped ? -1 : run->step->builder->stop_fd, POLLIN, 0}};

        if (poll(watched, ARRAY_LENGTH(watched), -1) < 0 && errno != EINTR)
            return error_sys(err, "wait for the program");
        read_output(run);
        if (watched[1].revents)
            break;
        if (watched[2].revents) {
            stopped = true;
            if (container_kill(run->container, err) < 0)
                return -1;
        }
    }
    if (waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED) < 0)
        return error_sys(err, "wait for the program");
    read_output(run);
    if (stopped)
        return error_set(err, "interrupted");
    *ret_exit_code = info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
    if (container_oom_killed(run->container))
        keep_tail(run->tail, "(the kernel killed it: out of memory)\n", 38);
    return 0;
}

/* As wait_for_end(), with the user at the program's terminal. */
static int wait_for_user(struct run *run, struct error *err)
{
    scoped_fd int terminal_fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
    const struct tty_relay relay = {.input_fd = terminal_fd,
                                    .output_fd = terminal_fd,
                                    .master_fd = container_tty_fd(run->container),
                                    .pidfd = container_pidfd(run->container)};

    if (terminal_fd < 0)
        return error_sys(err, "open the terminal");
    tty_relay_size(&relay);
    return tty_relay_run(&relay, err);
}

static int bring_up(struct run *run, struct error *err)
{
    struct build_network *network = run->step->builder->network;
    const char *note;
    int netns_fd;

    /* By its name first, for its control group; by its process for where there is none. */
    if (builder_note_container(run->step->builder, run->spec.id, 0, err) < 0 ||
        container_create(&run->spec, NULL, &run->container, err) < 0 ||
        builder_note_container(run->step->builder, run->spec.id, container_pid(run->container),
                               err) < 0)
        return -1;
    note = container_userns_note(run->container);
    if (note && string_starts_with(note, "files that the container writes"))
        return error_set(err, "the image would have the wrong owners: %s", note);
    netns_fd = container_netns_fd(run->container);
    if (!is_on_host(run->step) &&
        (string_eq(run->step->network, "none")
             ? build_network_attach_nothing(network, run->spec.id, netns_fd, err)
             : build_network_attach(network, run->spec.id, netns_fd, reaches_host(run->step),
                                    err)) < 0)
        return -1;
    return container_start(run->container, err);
}

/* Whatever happened, nothing of it lives on. */
static void take_down(struct run *run)
{
    if (run->container) {
        siginfo_t info;

        (void)!container_kill(run->container, NULL);
        (void)waitid(P_PIDFD, (id_t)container_pidfd(run->container), &info, WEXITED);
    }
    container_free(run->container);
    build_network_detach(run->step->builder->network, run->spec.id);
    for (unsigned tries = 0; tries < 1000; tries++) {
        struct error err = {0};

        if (container_cleanup(run->spec.cgroup_parent, run->spec.id, &err) == 0 ||
            err.number != EBUSY)
            break;
        (void)usleep(1000); /* it was killed: soon */
    }
    builder_forget_container(run->step->builder, run->spec.id);
    fd_close(run->output_fd);
}

int run_step(const struct run_step *step, int *ret_exit_code, struct text *tail, struct error *err)
{
    struct run run = {.step = step, .output_fd = -1, .tail = tail};
    int result;

    describe(&run);
    result = make_stubs(&run, err) < 0 || write_etc(&run, err) < 0 ||
                     (!step->interactive && make_output(&run, err) < 0) ||
                     bring_up(&run, err) < 0 || wait_for_start(&run, ret_exit_code, err) < 0
                 ? -1
                 : 0;
    if (result == 0)
        result =
            step->interactive ? wait_for_user(&run, err) : wait_for_end(&run, ret_exit_code, err);
    take_down(&run);
    return result;
}
