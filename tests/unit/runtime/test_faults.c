/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each system call of a start is made to fail once; see fault_rounds.h.
 */
#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/file.h"
#include "common/text.h"
#include "tests/unit/runtime/container_fixture.h"
#include "tests/unit/runtime/fault_rounds.h"

TestSuite(faults, .fini = fixture_sweep, .timeout = 400);

/* What protects the host, as the container sees it. The views of control groups are made as far as
 * can be. */
static const char report[] =
    "cut -d' ' -f2-4 /proc/mounts | grep -v ^/sys/fs/cgroup/ | sort; "
    "grep -E '^(Cap|Seccomp:|NoNewPrivs|Groups|Uid|Gid)' /proc/self/status; "
    "cd /dev; echo *; cd /proc/self/fd; echo *; ls -A /proc/scsi /proc/acpi /sys/firmware 2>/dev/null; pwd";

static size_t count_entries(const char *path)
{
    DIR *dir = opendir(path);
    size_t count = 0;

    while (dir && readdir(dir))
        count++;
    if (dir)
        (void)closedir(dir);
    return count;
}

/* Others may mount what they like meanwhile. */
static bool has_mounts(const struct fixture *fixture)
{
    scoped_text struct text text = {0};

    (void)!file_read(AT_FDCWD, "/proc/self/mountinfo", 1 << 20, &text, NULL, NULL);
    return strstr(text_get(&text), fixture->dir) != NULL;
}

static bool await_report(struct fixture *fixture, struct container *container)
{
    for (;;) {
        struct pollfd poller = {.fd = container_report_fd(container), .events = POLLIN};
        enum container_report report_kind;

        /* EINTR and what the test makes of it */
        (void)poll(&poller, 1, 10000);
        report_kind = container_report_read(container, &fixture->exit_code, &fixture->err);
        if (report_kind != REPORT_PENDING)
            return report_kind == REPORT_STARTED;
    }
}

/* What is left after a start that failed, or after the end. */
static void find_leaks(const struct fixture *fixture, size_t n_fds, struct fault_outcome *outcome)
{
    struct cgroup *group = NULL;
    bool has_group = cgroup_open(fixture->group, fixture->spec.id, &group, NULL) == 0 && group;

    cgroup_free(group);
    (void)snprintf(outcome->leaks, sizeof(outcome->leaks), "%s%s%s%s",
                   waitpid(-1, NULL, WNOHANG | __WALL) >= 0 ? " process" : "",
                   count_entries("/proc/self/fd") != n_fds ? " descriptor" : "",
                   has_mounts(fixture) ? " mount" : "", has_group ? " control group" : "");
}

static bool start(struct fixture *fixture, struct container **ret_container)
{
    return container_create_with(&fixture->spec, &fixture->options, ret_container, &fixture->err) ==
               0 &&
           container_start(*ret_container, &fixture->err) == 0 &&
           await_report(fixture, *ret_container);
}

/* As the supervisor does it with what was created. */
static void clean_up(struct fixture *fixture, const char *id, struct container *take_container,
                     bool kill)
{
    if (kill)
        (void)!container_kill(take_container, NULL);
    (void)waitpid(container_pid(take_container), NULL, 0);
    container_free(take_container);
    (void)!container_cleanup(fixture->group, id, NULL);
}

static void read_output(struct fixture *fixture, struct fault_outcome *outcome)
{
    scoped_text struct text output = {0};
    int fd = open(fixture_path(fixture, "out"), O_RDONLY | O_CLOEXEC);

    (void)!fd_read_all(fd, sizeof(outcome->output) - 1, &output, NULL);
    fd_close(fd);
    (void)snprintf(outcome->output, sizeof(outcome->output), "%s", text_get(&output));
    (void)truncate(fixture_path(fixture, "out"), 0);
}

/* A terminal says what is written to it, as long as somebody has it. */
static void read_terminal(struct container *container, struct fault_outcome *outcome)
{
    int tty_fd = container_tty_fd(container);
    size_t length = 0;
    ssize_t n;

    while ((n = read(tty_fd, outcome->output + length, sizeof(outcome->output) - 1 - length)) > 0)
        length += (size_t)n;
    outcome->output[length] = '\0';
}

static void start_and_end(void *context, struct fault_outcome *outcome)
{
    struct fixture *fixture = context;
    size_t n_fds = count_entries("/proc/self/fd");
    struct container *container = NULL;

    fault_begin(outcome);
    outcome->succeeded = start(fixture, &container);
    fault_end(outcome, fixture->err.text);
    if (outcome->succeeded && fixture->spec.tty)
        read_terminal(container, outcome);
    if (container)
        clean_up(fixture, fixture->spec.id, container, !outcome->succeeded);
    if (!fixture->spec.tty)
        read_output(fixture, outcome);
    find_leaks(fixture, n_fds, outcome);
}

/* Beside another container, which shares all of its namespaces that can be shared. */
static void share_and_end(void *context, struct fault_outcome *outcome)
{
    static const char *const args[] = {"sh", "-c", "exec sleep 1000", NULL};
    struct fixture *fixture = context;
    struct fixture partner = *fixture;
    size_t n_fds = count_entries("/proc/self/fd");
    struct container *other = NULL, *container = NULL;

    partner.spec.id = "other";
    partner.spec.args = fixture_list(fixture, args);
    partner.spec.upper_dir = fixture_path(fixture, "other");
    if (!start(&partner, &other)) {
        fault_end(outcome, partner.err.text);
        return;
    }
    outcome->bystander = container_pid(other);
    fixture->options.surroundings.partners = (struct partners){other, other, other, other};
    fault_begin(outcome);
    outcome->succeeded = start(fixture, &container);
    fault_end(outcome, fixture->err.text);
    if (container)
        clean_up(fixture, fixture->spec.id, container, !outcome->succeeded);
    clean_up(fixture, "other", other, true);
    read_output(fixture, outcome);
    find_leaks(fixture, n_fds, outcome);
}

static void execute_and_end(void *context, struct fault_outcome *outcome)
{
    static const char *const args[] = {"sh", "-c", report, NULL};
    struct fixture *fixture = context;
    int out_fd = open(fixture_path(fixture, "out"), O_WRONLY | O_APPEND | O_CLOEXEC);
    struct exec_spec exec = {.args = fixture_list(fixture, args),
                             .env = fixture->spec.env,
                             .stdio_fds = {out_fd, out_fd, out_fd}};
    struct exec_result result = {.pidfd = -1};
    size_t n_fds = count_entries("/proc/self/fd");
    struct container *container = NULL;

    if (!start(fixture, &container)) {
        fault_end(outcome, fixture->err.text);
        return;
    }
    outcome->bystander = container_pid(container);
    fault_begin(outcome);
    outcome->succeeded =
        container_execute(container, &fixture->spec, &exec, &result, &fixture->err) == 0;
    fault_end(outcome, fixture->err.text);
    if (outcome->succeeded)
        (void)waitpid(result.pid, NULL, __WALL);
    fd_close(result.pidfd);
    clean_up(fixture, fixture->spec.id, container, true);
    read_output(fixture, outcome);
    find_leaks(fixture, n_fds, outcome);
}

Test(faults, of_a_start_leave_nothing_or_do_no_harm)
{
    struct fixture *fixture = fixture_open();

    fixture->spec.etc_dir = fixture_path(fixture, "etc");
    fixture_script(fixture, report);
    fault_rounds(start_and_end, fixture, 2);
    fixture_close(fixture);
}

Test(faults, of_a_start_without_a_user_namespace_leave_nothing_or_do_no_harm)
{
    struct fixture *fixture = fixture_open();

    fixture->spec.id_map.count = 0;
    fixture->spec.etc_dir = fixture_path(fixture, "etc");
    fixture_script(fixture, report);
    fault_rounds(start_and_end, fixture, 2);
    fixture_close(fixture);
}

Test(faults, of_a_start_on_a_terminal_leave_nothing_or_do_no_harm)
{
    struct fixture *fixture = fixture_open();

    fixture->spec.tty = true;
    fixture_script(fixture, report);
    fault_rounds(start_and_end, fixture, 2);
    fixture_close(fixture);
}

Test(faults, of_a_start_with_hooks_of_devices_leave_nothing_or_do_no_harm)
{
    struct device_hook hooks[] = {{.path = "/bin/true"}, {.path = "/bin/true"}};
    struct fixture *fixture = fixture_open();

    fixture->spec.device_hooks = hooks;
    fixture->spec.n_device_hooks = 2;
    fixture_script(fixture, report);
    fault_rounds(start_and_end, fixture, 4);
    fixture_close(fixture);
}

/* The helper that copies /dev/shm, the one that joins, and the container's process. */
Test(faults, of_a_start_in_anothers_namespaces_leave_nothing_or_do_no_harm)
{
    struct fixture *fixture = fixture_open();

    cr_assert_eq(mkdir(fixture_path(fixture, "other"), 0755), 0);
    fixture_script(fixture, report);
    fault_rounds(share_and_end, fixture, 4);
    fixture_close(fixture);
}

Test(faults, of_an_exec_leave_nothing_or_do_no_harm)
{
    struct fixture *fixture = fixture_open();

    fixture_script(fixture, "exec sleep 1000");
    fault_rounds(execute_and_end, fixture, 3);
    fixture_close(fixture);
}
