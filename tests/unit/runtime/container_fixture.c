/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/runtime/container_fixture.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/file.h"
#include "common/path.h"
#include "common/text.h"

static const char *const applets[] = {
    "sh",     "cat",   "echo", "id",       "ls",    "mkdir", "mount", "touch",    "stat", "grep",
    "sleep",  "true",  "test", "readlink", "wc",    "head",  "ip",    "hostname", "env",  "mknod",
    "chown",  "chmod", "tty",  "ps",       "kill",  "sort",  "tr",    "sed",      "find", "umount",
    "ulimit", "pwd",   "df",   "cut",      "false", "ln",    "rm",    "tail",     "cp",
};

char *fixture_path(struct fixture *fixture, const char *name)
{
    return arena_printf(fixture->arena, "%s/%s", fixture->dir, name);
}

void fixture_write(struct fixture *fixture, const char *name, const char *text, unsigned mode)
{
    char *path = fixture_path(fixture, name);
    char *slash = strrchr(path, '/');
    int fd;

    *slash = '\0';
    cr_assert_eq(path_make_dirs(AT_FDCWD, path, 0755, &fixture->err), 0, "%s", fixture->err.text);
    *slash = '/';
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    cr_assert_geq(fd, 0, "%s", path);
    cr_assert_eq(fd_write_all(fd, text, strlen(text)), 0);
    cr_assert_eq(fchmod(fd, mode), 0);
    fd_close(fd);
}

struct string_list fixture_list(struct fixture *fixture, const char *const *items)
{
    struct string_list list = {0};

    for (; *items; items++)
        string_list_add(fixture->arena, &list, *items);
    return list;
}

void fixture_copy(struct fixture *fixture, const char *source, const char *name, unsigned mode)
{
    scoped_fd int source_fd = open(source, O_RDONLY | O_CLOEXEC);
    scoped_text struct text bytes = {0};

    cr_assert_geq(source_fd, 0, "%s", source);
    cr_assert_eq(fd_read_all(source_fd, 16 << 20, &bytes, &fixture->err), 0);
    fixture_write(fixture, name, "", mode);
    cr_assert_eq(file_replace(AT_FDCWD, fixture_path(fixture, name), bytes.data, bytes.length, 0755,
                              &fixture->err),
                 0, "%s", fixture->err.text);
    cr_assert_eq(chmod(fixture_path(fixture, name), mode), 0);
}

static void copy_busybox(struct fixture *fixture)
{
    fixture_copy(fixture, "/bin/busybox", "base/bin/busybox", 0755);
    for (size_t i = 0; i < ARRAY_LENGTH(applets); i++)
        cr_assert_eq(symlink("busybox", arena_printf(fixture->arena, "%s/base/bin/%s", fixture->dir,
                                                     applets[i])),
                     0);
}

static void make_image(struct fixture *fixture)
{
    static const char *const dirs[] = {"base/proc", "base/sys", "base/dev",
                                       "base/tmp",  "upper",    "layer/etc"};

    (void)umask(022);
    cr_assert_eq(path_make_dirs(AT_FDCWD, fixture->dir, 0711, &fixture->err), 0);
    copy_busybox(fixture);
    for (size_t i = 0; i < ARRAY_LENGTH(dirs); i++)
        cr_assert_eq(path_make_dirs(AT_FDCWD, fixture_path(fixture, dirs[i]), 0755, &fixture->err),
                     0);
    fixture_write(fixture, "layer/etc/passwd",
                  "root:x:0:0:root:/root:/bin/sh\n"
                  "app:x:1000:1001:App:/home/app:/bin/sh\n"
                  "4294967297:x:7:7::/:/bin/sh\n",
                  0644);
    fixture_write(fixture, "layer/etc/group",
                  "root:x:0:\nwheel:x:10:root,app\nappgroup:x:1001:\naudio:x:29:app\n", 0644);
    fixture_write(fixture, "etc/hosts", "127.0.0.1 localhost\n", 0644);
    fixture_write(fixture, "etc/hostname", "box\n", 0644);
    fixture_write(fixture, "etc/resolv.conf", "nameserver 127.0.0.11\n", 0644);
    fixture_write(fixture, "out", "", 0600);
}

static void make_spec(struct fixture *fixture)
{
    static const char *const env[] = {"PATH=/bin:/nowhere", NULL};
    const char *layers[] = {fixture_path(fixture, "base"), fixture_path(fixture, "layer"), NULL};

    fixture->spec = (struct container_spec){
        .id = "box",
        .hostname = "box",
        .cgroup_parent = fixture->group,
        .env = fixture_list(fixture, env),
        .layers = fixture_list(fixture, layers),
        .upper_dir = fixture_path(fixture, "upper"),
        .id_map = {FIXTURE_ID_BASE, FIXTURE_ID_COUNT},
        .stdout_path = fixture_path(fixture, "out"),
        .stderr_path = fixture_path(fixture, "out"),
    };
    fixture->options.first_way = ROOTFS_MAPPED;
}

static void name_places(char dir[64], char group[32])
{
    (void)snprintf(dir, 64, "/tmp/yawl-test-%d", (int)getpid());
    (void)snprintf(group, 32, "yawl/test-%d", (int)getpid());
}

struct fixture *fixture_open(void)
{
    struct fixture *fixture;

    if (geteuid() != 0)
        cr_skip_test("only root can make these containers");
    if (access("/bin/busybox", R_OK) < 0)
        cr_skip_test("there is no /bin/busybox");
    cr_assert_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    fixture = calloc(1, sizeof(*fixture));
    cr_assert(fixture);
    fixture->arena = arena_new();
    name_places(fixture->dir, fixture->group);
    make_image(fixture);
    make_spec(fixture);
    return fixture;
}

/* The kernel needs a moment to take down what was killed. */
static void remove_group(const char *parent, const char *id)
{
    struct timespec pause = {.tv_nsec = 1000 * 1000};
    struct cgroup *group = NULL;
    struct error err = {0};

    if (cgroup_open(parent, id, &group, &err) == 0 && group)
        (void)!cgroup_kill(group, &err);
    cgroup_free(group);
    for (int i = 0; i < 5000; i++) {
        if (container_cleanup(parent, id, &err) == 0)
            return;
        (void)waitpid(-1, NULL, WNOHANG);
        (void)nanosleep(&pause, NULL);
    }
    cr_expect_fail("%s", err.text);
}

void fixture_sweep(void)
{
    struct error err = {0};
    char dir[64], group[32];

    name_places(dir, group);
    remove_group(group, "box");
    remove_group(group, "other");
    cgroup_remove_parent(group);
    cr_expect_eq(path_remove_tree(AT_FDCWD, dir, &err), 0, "%s", err.text);
}

void fixture_close(struct fixture *take_fixture)
{
    arena_free(take_fixture->arena);
    free(take_fixture);
}

void fixture_script(struct fixture *fixture, const char *script)
{
    const char *args[] = {"sh", "-c", script, NULL};

    fixture->spec.args = fixture_list(fixture, args);
}

static enum container_report wait_for_report(struct fixture *fixture, struct container *container)
{
    enum container_report report;

    do {
        struct pollfd poller = {.fd = container_report_fd(container), .events = POLLIN};

        cr_assert_eq(poll(&poller, 1, 10000), 1, "no report");
        report = container_report_read(container, &fixture->exit_code, &fixture->err);
    } while (report == REPORT_PENDING);
    return report;
}

static void wait_for_end(struct fixture *fixture, struct container *container)
{
    while (waitpid(container_pid(container), &fixture->wait_status, 0) < 0)
        cr_assert_eq(errno, EINTR);
}

struct container *fixture_start(struct fixture *fixture)
{
    struct container *container = NULL;

    cr_assert_eq(truncate(fixture_path(fixture, "out"), 0), 0);
    fixture->exit_code = 0;
    if (container_create_with(&fixture->spec, &fixture->options, &container, &fixture->err) < 0)
        return NULL;
    cr_assert_eq(container_start(container, &fixture->err), 0, "%s", fixture->err.text);
    if (wait_for_report(fixture, container) == REPORT_STARTED)
        return container;
    wait_for_end(fixture, container);
    container_free(container);
    return NULL;
}

const char *fixture_finish(struct fixture *fixture, struct container *take_container)
{
    scoped_text struct text output = {0};
    size_t length;

    wait_for_end(fixture, take_container);
    container_free(take_container);
    cr_assert_eq(file_read(AT_FDCWD, fixture_path(fixture, "out"), sizeof(fixture->output) - 1,
                           &output, NULL, &fixture->err),
                 0, "%s", fixture->err.text);
    (void)snprintf(fixture->output, sizeof(fixture->output), "%s", text_get(&output));
    length = strlen(fixture->output);
    while (length > 0 && strchr(" \n", fixture->output[length - 1]))
        fixture->output[--length] = '\0';
    return fixture->output;
}

const char *fixture_run(struct fixture *fixture, const char *script)
{
    struct container *container;

    fixture_script(fixture, script);
    container = fixture_start(fixture);
    cr_assert(container, "%s", fixture->err.text);
    return fixture_finish(fixture, container);
}

const char *fixture_fail(struct fixture *fixture)
{
    struct container *container = fixture_start(fixture);

    if (container) {
        (void)fixture_finish(fixture, container);
        cr_assert_fail("it started: %s", fixture->output);
    }
    return fixture->err.text;
}

int fixture_exec(struct fixture *fixture, struct container *container, struct exec_spec *exec)
{
    struct exec_result result;
    int output_fd = open(fixture_path(fixture, "out"), O_WRONLY | O_APPEND | O_CLOEXEC);
    int status = 0;

    cr_assert_geq(output_fd, 0);
    exec->stdio_fds[0] = exec->stdio_fds[1] = exec->stdio_fds[2] = output_fd;
    if (!exec->env.count)
        exec->env = fixture->spec.env;
    if (container_execute(container, &fixture->spec, exec, &result, &fixture->err) < 0) {
        fd_close(output_fd);
        return -1 - result.exit_code;
    }
    while (waitpid(result.pid, &status, 0) < 0)
        cr_assert_eq(errno, EINTR);
    fd_close(result.pidfd);
    fd_close(output_fd);
    return status;
}
