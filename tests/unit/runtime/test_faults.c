/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each system call of a start is made to fail once. Then either nothing is left of the container
 * and the error says what could not be done, or the container runs and is as it is without the
 * fault.
 */
#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "common/fd.h"
#include "common/file.h"
#include "common/text.h"
#include "tests/unit/runtime/container_fixture.h"
#include "tests/unit/runtime/fault_injection.h"

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

static void begin(struct fault_outcome *outcome)
{
    __atomic_store_n(&outcome->begun, true, __ATOMIC_RELEASE);
}

static void end(struct fault_outcome *outcome, const struct fixture *fixture)
{
    __atomic_store_n(&outcome->done, true, __ATOMIC_RELEASE);
    if (!outcome->started)
        (void)snprintf(outcome->error, sizeof(outcome->error), "%s", fixture->err.text);
}

static bool start(struct fixture *fixture, struct container **ret_container)
{
    return container_create_with(&fixture->spec, &fixture->options, ret_container, &fixture->err) ==
               0 &&
           container_start(*ret_container, &fixture->err) == 0 &&
           await_report(fixture, *ret_container);
}

/* As the supervisor does it with what was created. */
static void clean_up(struct fixture *fixture, struct container *take_container, bool kill)
{
    if (kill)
        (void)!container_kill(take_container, NULL);
    (void)waitpid(container_pid(take_container), NULL, 0);
    container_free(take_container);
    (void)!container_cleanup(fixture->group, fixture->spec.id, NULL);
}

static void start_and_end(void *context, struct fault_outcome *outcome)
{
    struct fixture *fixture = context;
    size_t n_fds = count_entries("/proc/self/fd");
    struct container *container = NULL;

    begin(outcome);
    outcome->started = start(fixture, &container);
    end(outcome, fixture);
    if (container)
        clean_up(fixture, container, !outcome->started);
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

    if (!start(fixture, &container))
        return;
    outcome->bystander = container_pid(container);
    begin(outcome);
    outcome->started =
        container_execute(container, &fixture->spec, &exec, &result, &fixture->err) == 0;
    end(outcome, fixture);
    if (outcome->started)
        (void)waitpid(result.pid, NULL, __WALL);
    fd_close(result.pidfd);
    clean_up(fixture, container, true);
    find_leaks(fixture, n_fds, outcome);
}

static void read_output(struct fixture *fixture)
{
    scoped_text struct text output = {0};

    cr_assert_eq(file_read(AT_FDCWD, fixture_path(fixture, "out"), sizeof(fixture->output) - 1,
                           &output, NULL, &fixture->err),
                 0);
    (void)snprintf(fixture->output, sizeof(fixture->output), "%s", text_get(&output));
    fixture_write(fixture, "out", "", 0600);
}

static void run(struct fixture *fixture, struct fault_run *fault, fault_function *body)
{
    fault->number = EIO;
    fault_run(fault, body, fixture);
    read_output(fixture);
}

/* The first line that is another one than usual. */
static void find_difference(const char *output, const char *usual, char out[256])
{
    while (*output && *output == *usual) {
        size_t length = strcspn(output, "\n") + 1;

        if (strncmp(output, usual, length) != 0)
            break;
        output += length;
        usual += length;
    }
    (void)snprintf(out, 256, "'%.*s' is '%.*s'", (int)strcspn(usual, "\n"), usual,
                   (int)strcspn(output, "\n"), output);
}

static void expect_clean(const struct fixture *fixture, const struct fault_run *fault,
                         const char *usual)
{
    static const char *const roles[] = {"starter", "child", "grandchild"};
    const struct fault_outcome *outcome = &fault->outcome;
    char what[64], difference[256];

    find_difference(fixture->output, usual, difference);
    (void)snprintf(what, sizeof(what), "call %ld, the %s's %zu", fault->call, roles[fault->role],
                   fault->index);
    cr_expect(fault->ended, "%s: it crashed", what);
    cr_expect_str_eq(outcome->leaks, "", "%s: left:%s (%s)", what, outcome->leaks, outcome->error);
    if (outcome->started)
        cr_expect_str_eq(fixture->output, usual, "%s: the container differs: %s", what, difference);
    else
        cr_expect(strstr(outcome->error, ": Input/output error"), "%s: no reason: '%s'", what,
                  outcome->error);
}

/* All of them take minutes. */
static size_t step(void)
{
    const char *text = getenv("YAWL_FAULT_STEP");

    return text && atoi(text) > 0 ? (size_t)atoi(text) : 11;
}

static void fail_each(struct fixture *fixture, fault_function *body)
{
    struct fault_run fault = {.role = FAULT_ROLES};
    size_t n_calls[FAULT_ROLES];
    char usual[sizeof(fixture->output)];

    run(fixture, &fault, body); /* the first makes directories that the next ones find */
    run(fixture, &fault, body);
    cr_assert(fault.outcome.started, "%s", fault.outcome.error);
    cr_assert_str_eq(fault.outcome.leaks, "");
    memcpy(usual, fixture->output, sizeof(usual));
    memcpy(n_calls, fault.n_calls, sizeof(n_calls));
    cr_assert_gt(n_calls[FAULT_STARTER], 10);
    cr_assert_gt(n_calls[FAULT_CHILD], 5);
    for (fault.role = FAULT_STARTER; fault.role < FAULT_ROLES; fault.role++)
        for (fault.index = 0; fault.index < n_calls[fault.role]; fault.index += step()) {
            run(fixture, &fault, body);
            expect_clean(fixture, &fault, usual);
        }
}

Test(faults, of_a_start_leave_nothing_or_do_no_harm)
{
    struct fixture *fixture = fixture_open();

    fixture->spec.etc_dir = fixture_path(fixture, "etc");
    fixture_script(fixture, report);
    fail_each(fixture, start_and_end);
    fixture_close(fixture);
}

Test(faults, of_a_start_without_a_user_namespace_leave_nothing_or_do_no_harm)
{
    struct fixture *fixture = fixture_open();

    fixture->spec.id_map.count = 0;
    fixture->spec.etc_dir = fixture_path(fixture, "etc");
    fixture_script(fixture, report);
    fail_each(fixture, start_and_end);
    fixture_close(fixture);
}

Test(faults, of_an_exec_leave_nothing_or_do_no_harm)
{
    struct fixture *fixture = fixture_open();

    fixture_script(fixture, "exec sleep 1000");
    fail_each(fixture, execute_and_end);
    fixture_close(fixture);
}
