/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/container.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
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

TestSuite(container, .fini = fixture_sweep, .timeout = 60);

Test(container, runs_a_program_and_hands_over_its_exit_status)
{
    struct fixture *fixture = fixture_open();

    cr_expect_str_eq(fixture_run(fixture, "echo hello; exit 7"), "hello");
    cr_expect(WIFEXITED(fixture->wait_status));
    cr_expect_eq(WEXITSTATUS(fixture->wait_status), 7);
    fixture_close(fixture);
}

Test(container, has_namespaces_of_its_own)
{
    struct fixture *fixture = fixture_open();
    char inside[256] = "";

    fixture_run(fixture, "for n in cgroup ipc mnt net pid user uts; do readlink /proc/self/ns/$n; "
                         "done; echo $$; hostname");
    for (const char *name = "cgroup\0ipc\0mnt\0net\0pid\0user\0uts\0"; *name;
         name += strlen(name) + 1) {
        char path[64];
        ssize_t length;

        (void)snprintf(path, sizeof(path), "/proc/self/ns/%s", name);
        length = readlink(path, inside, sizeof(inside) - 1);
        cr_assert_gt(length, 0);
        inside[length] = '\0';
        cr_expect(!strstr(fixture->output, inside), "%s is shared", name);
    }
    cr_expect(strstr(fixture->output, "\n1\nbox"), "%s", fixture->output);
    fixture_close(fixture);
}

Test(container, is_root_inside_and_nobody_outside)
{
    struct fixture *fixture = fixture_open();
    struct container *container;
    struct stat status;
    char path[64];

    fixture_script(fixture, "id -u; cat /proc/self/uid_map; kill -STOP 1; sleep 100");
    container = fixture_start(fixture);
    cr_assert(container, "%s", fixture->err.text);
    cr_expect_eq(container_userns_note(container), NULL, "%s", container_userns_note(container));
    (void)snprintf(path, sizeof(path), "/proc/%d", (int)container_pid(container));
    cr_expect_eq(stat(path, &status), 0);
    cr_expect_eq(status.st_uid, FIXTURE_ID_BASE);
    cr_assert_eq(container_kill(container, &fixture->err), 0, "%s", fixture->err.text);
    fixture_finish(fixture, container);
    cr_expect(WIFSIGNALED(fixture->wait_status));
    fixture_close(fixture);
}

Test(container, of_two_have_different_ids_on_the_host)
{
    struct fixture *fixture = fixture_open();
    struct container *first, *second;
    struct stat a, b;
    char path[64];

    fixture_script(fixture, "sleep 100");
    first = fixture_start(fixture);
    cr_assert(first, "%s", fixture->err.text);
    fixture->spec.id = "other";
    fixture->spec.upper_dir = NULL;
    fixture->spec.id_map.base = 2 * FIXTURE_ID_BASE;
    second = fixture_start(fixture);
    cr_assert(second, "%s", fixture->err.text);

    (void)snprintf(path, sizeof(path), "/proc/%d", (int)container_pid(first));
    cr_expect_eq(stat(path, &a), 0);
    (void)snprintf(path, sizeof(path), "/proc/%d", (int)container_pid(second));
    cr_expect_eq(stat(path, &b), 0);
    cr_expect_eq(a.st_uid, FIXTURE_ID_BASE);
    cr_expect_eq(b.st_uid, 2 * FIXTURE_ID_BASE);
    cr_assert_eq(container_kill(first, &fixture->err), 0);
    cr_assert_eq(container_kill(second, &fixture->err), 0);
    fixture_finish(fixture, first);
    fixture_finish(fixture, second);
    fixture_close(fixture);
}

Test(container, that_finds_no_program_reports_127)
{
    struct fixture *fixture = fixture_open();
    const char *args[] = {"nonesuch", NULL};

    fixture->spec.args = fixture_list(fixture, args);
    cr_expect_str_eq(fixture_fail(fixture), "run 'nonesuch': No such file or directory");
    cr_expect_eq(fixture->exit_code, 127);
    fixture_close(fixture);
}

Test(container, that_may_not_run_its_program_reports_126)
{
    struct fixture *fixture = fixture_open();
    const char *args[] = {"/etc/passwd", NULL};
    const char *dir[] = {"/etc", NULL};

    fixture->spec.args = fixture_list(fixture, args);
    cr_expect_str_eq(fixture_fail(fixture), "run '/etc/passwd': Permission denied");
    cr_expect_eq(fixture->exit_code, 126);
    fixture->spec.args = fixture_list(fixture, dir);
    cr_expect_str_eq(fixture_fail(fixture), "run '/etc': Permission denied");
    cr_expect_eq(fixture->exit_code, 126);
    fixture_close(fixture);
}

Test(container, remembers_a_program_that_may_not_be_run_while_it_looks_further)
{
    struct fixture *fixture = fixture_open();
    const char *env[] = {"PATH=/etc:/nowhere", NULL};
    const char *args[] = {"passwd", NULL};

    fixture->spec.env = fixture_list(fixture, env);
    fixture->spec.args = fixture_list(fixture, args);
    cr_expect_str_eq(fixture_fail(fixture), "run 'passwd': Permission denied");
    cr_expect_eq(fixture->exit_code, 126);
    fixture_close(fixture);
}

Test(container, with_init_reports_a_missing_program_just_so)
{
    struct fixture *fixture = fixture_open();
    const char *args[] = {"nonesuch", NULL};

    fixture->spec.init = true;
    fixture->spec.args = fixture_list(fixture, args);
    cr_expect_str_eq(fixture_fail(fixture), "run 'nonesuch': No such file or directory");
    cr_expect_eq(fixture->exit_code, 127);
    fixture_close(fixture);
}

Test(container, does_not_run_before_it_is_started)
{
    struct fixture *fixture = fixture_open();
    struct container *container = NULL;
    struct pollfd poller = {.events = POLLIN};

    fixture_script(fixture, "echo ran");
    cr_assert_eq(container_create(&fixture->spec, NULL, &container, &fixture->err), 0, "%s",
                 fixture->err.text);
    poller.fd = container_report_fd(container);
    cr_expect_eq(poll(&poller, 1, 100), 0, "there is a report already");
    cr_expect_geq(container_netns_fd(container), 0);
    cr_assert_eq(container_start(container, &fixture->err), 0);
    cr_expect_eq(poll(&poller, 1, 10000), 1);
    cr_expect_str_eq(fixture_finish(fixture, container), "ran");
    fixture_close(fixture);
}

Test(container, ends_when_it_is_let_go_before_its_start)
{
    struct fixture *fixture = fixture_open();
    struct container *container = NULL;
    int status;
    pid_t pid;

    fixture_script(fixture, "echo ran");
    cr_assert_eq(container_create(&fixture->spec, NULL, &container, &fixture->err), 0);
    pid = container_pid(container);
    container_free(container);
    cr_assert_eq(waitpid(pid, &status, 0), pid);
    cr_expect_eq(WEXITSTATUS(status), 125);
    fixture_close(fixture);
}

Test(container, that_is_killed_before_its_program_runs_reports_so)
{
    struct fixture *fixture = fixture_open();
    struct container *container = NULL;
    struct pollfd poller = {.events = POLLIN};
    int exit_code;

    fixture_script(fixture, "true");
    cr_assert_eq(container_create(&fixture->spec, NULL, &container, &fixture->err), 0);
    cr_assert_eq(container_kill(container, &fixture->err), 0);
    poller.fd = container_report_fd(container);
    cr_assert_eq(poll(&poller, 1, 10000), 1);
    cr_expect_eq(container_report_read(container, &exit_code, &fixture->err), REPORT_FAILED);
    cr_expect_eq(exit_code, 125);
    cr_expect_str_eq(fixture->err.text, "the process ended before it ran its program");
    fixture_finish(fixture, container);
    fixture_close(fixture);
}

Test(container, can_be_moved_into_its_group_instead_of_being_born_there)
{
    struct fixture *fixture = fixture_open();

    fixture->options.plain_clone = true;
    cr_expect_str_eq(fixture_run(fixture, "cut -d: -f3 /proc/self/cgroup | tail -1"), "/");
    fixture_close(fixture);
}

/* In a process of its own, which takes its place in the group along. */
static _Noreturn void run_in_killed_group(struct fixture *fixture, struct cgroup *group)
{
    if (cgroup_kill(group, &fixture->err) < 0 ||
        cgroup_enter(group, getpid(), true, &fixture->err) < 0)
        _exit(1);
    _exit(string_eq(fixture_run(fixture, "echo runs"), "runs") ? 0 : 2);
}

/* Some kernels kill at birth whom somebody clones into a group whose own group was killed before.
 */
Test(container, is_created_from_a_control_group_that_was_killed)
{
    struct fixture *fixture = fixture_open();
    struct resource_spec none = {0};
    struct cgroup *group;
    int status;
    pid_t pid;

    cr_assert_eq(cgroup_create(fixture->group, "killed", &none, &group, &fixture->err), 0, "%s",
                 fixture->err.text);
    pid = fork();
    if (pid == 0)
        run_in_killed_group(fixture, group);
    cr_assert_eq(waitpid(pid, &status, 0), pid);
    cr_expect_eq(status, 0);
    cgroup_free(group);
    cr_expect_eq(cgroup_remove(fixture->group, "killed", &fixture->err), 0, "%s",
                 fixture->err.text);
    fixture_close(fixture);
}

Test(container, sees_itself_at_the_root_of_its_control_groups)
{
    struct fixture *fixture = fixture_open();

    cr_expect_str_eq(fixture_run(fixture, "cut -d: -f3 /proc/self/cgroup | tail -1"), "/");
    fixture_close(fixture);
}

Test(container, tells_which_signals_its_first_process_would_see)
{
    struct fixture *fixture = fixture_open();
    const char *args[] = {"sleep", "100", NULL};
    struct container *container;

    fixture->spec.args = fixture_list(fixture, args);
    container = fixture_start(fixture);
    cr_assert(container, "%s", fixture->err.text);
    cr_expect_not(container_sees_signal(container, SIGTERM));
    cr_expect(container_sees_signal(container, SIGKILL));
    cr_assert_eq(container_kill(container, &fixture->err), 0);
    fixture_finish(fixture, container);

    fixture->spec.init = true;
    container = fixture_start(fixture);
    cr_assert(container, "%s", fixture->err.text);
    /* Our init may not yet be there to block them when the report comes. */
    while (!container_sees_signal(container, SIGTERM))
        (void)sched_yield();
    cr_assert_eq(container_signal(container, SIGTERM, &fixture->err), 0);
    fixture_finish(fixture, container);
    cr_expect_eq(WEXITSTATUS(fixture->wait_status), 128 + SIGTERM);
    fixture_close(fixture);
}

Test(container, with_init_has_it_as_process_1_from_sealed_memory)
{
    struct fixture *fixture = fixture_open();

    fixture->spec.init = true;
    fixture_run(fixture, "readlink /proc/1/exe; echo x >> /proc/1/exe; echo $$; exit 5");
    cr_expect(strstr(fixture->output, "memfd:init"), "%s", fixture->output);
    cr_expect(strstr(fixture->output, "Text file busy") ||
                  strstr(fixture->output, "Permission denied") ||
                  strstr(fixture->output, "not permitted"),
              "%s", fixture->output);
    cr_expect(strstr(fixture->output, "\n2"), "%s", fixture->output);
    cr_expect_eq(WEXITSTATUS(fixture->wait_status), 5);
    fixture_close(fixture);
}

Test(container, with_init_reaps_orphans)
{
    struct fixture *fixture = fixture_open();

    fixture->spec.init = true;
    /* The inner shell leaves a child behind, whose end the outer one waits for. */
    fixture_run(fixture, "sh -c 'true & echo $! > /tmp/pid'; p=$(cat /tmp/pid); "
                         "while test -d /proc/$p; do :; done; echo reaped");
    cr_expect_str_eq(fixture->output, "reaped");
    fixture_close(fixture);
}

Test(container, is_adopted_by_pid_and_start_time_only)
{
    struct fixture *fixture = fixture_open();
    struct container *container, *adopted = NULL, *wrong = NULL;

    fixture_script(fixture, "trap 'echo got it; exit 3' TERM; echo ready; while :; do sleep 0.01; "
                            "done");
    container = fixture_start(fixture);
    cr_assert(container, "%s", fixture->err.text);
    cr_assert_eq(container_adopt(&fixture->spec, container_pid(container),
                                 container_start_time(container) + 1, &wrong, &fixture->err),
                 0);
    cr_expect_eq(wrong, NULL);
    cr_assert_eq(container_adopt(&fixture->spec, container_pid(container),
                                 container_start_time(container), &adopted, &fixture->err),
                 0);
    container_free(container);
    cr_assert(adopted);
    while (!container_sees_signal(adopted, SIGTERM))
        (void)sched_yield();
    cr_assert_eq(container_signal(adopted, SIGTERM, &fixture->err), 0);
    fixture_finish(fixture, adopted);
    cr_expect_eq(WEXITSTATUS(fixture->wait_status), 3);
    fixture_close(fixture);
}

Test(container, keeps_its_process_limits)
{
    struct fixture *fixture = fixture_open();
    struct ulimit_spec limits[] = {{"nofile", 123, 456}, {"core", 0, 0}};

    fixture->spec.ulimits = limits;
    fixture->spec.n_ulimits = 2;
    cr_expect_str_eq(fixture_run(fixture, "ulimit -Sn; ulimit -Hn; ulimit -c"), "123\n456\n0");
    fixture_close(fixture);
}

Test(container, has_its_oom_score)
{
    struct fixture *fixture = fixture_open();

    fixture->spec.oom_score_adj = 321;
    cr_expect_str_eq(fixture_run(fixture, "cat /proc/self/oom_score_adj"), "321");
    fixture_close(fixture);
}

Test(container, reports_an_unknown_capability_with_a_suggestion)
{
    struct fixture *fixture = fixture_open();
    const char *add[] = {"CAP_NET_ADMN", NULL};

    fixture_script(fixture, "true");
    fixture->spec.cap_add = fixture_list(fixture, add);
    cr_expect_str_eq(fixture_fail(fixture),
                     "create container 'box': cap_add: there is no capability 'CAP_NET_ADMN' (did "
                     "you mean 'NET_ADMIN'?)");
    fixture_close(fixture);
}

Test(container, gives_a_terminal_and_its_master)
{
    struct fixture *fixture = fixture_open();
    struct container *container;
    char said[256];
    size_t length = 0;
    ssize_t n;

    fixture->spec.tty = true;
    fixture_script(fixture,
                   "tty; test -c /dev/console && echo console; stat -c %t:%T /dev/console");
    container = fixture_start(fixture);
    cr_assert(container, "%s", fixture->err.text);
    cr_assert_geq(container_tty_fd(container), 0);
    /* EIO is how a terminal ends. */
    while ((n = read(container_tty_fd(container), said + length, sizeof(said) - 1 - length)) > 0)
        length += (size_t)n;
    said[length] = '\0';
    cr_expect_str_eq(said, "/dev/pts/0\r\nconsole\r\n88:0\r\n");
    fixture_finish(fixture, container);
    fixture_close(fixture);
}

Test(container, lets_its_user_open_standard_output_again)
{
    struct fixture *fixture = fixture_open();
    char said[64] = "";
    int fifo_fd;

    cr_assert_eq(mkfifo(fixture_path(fixture, "fifo"), 0600), 0);
    fifo_fd = open(fixture_path(fixture, "fifo"), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    fixture->spec.stdout_path = fixture_path(fixture, "fifo");
    fixture->spec.user = "app";
    fixture_run(fixture, "echo again > /dev/stdout");
    cr_expect_gt(read(fifo_fd, said, sizeof(said) - 1), 0, "%s", fixture->output);
    cr_expect_str_eq(said, "again\n");
    fd_close(fifo_fd);
    fixture_close(fixture);
}

Test(container, leaves_nothing_when_it_cannot_be_created)
{
    struct fixture *fixture = fixture_open();
    const char *layers[] = {"/nonexistent", NULL};
    struct cgroup *group = NULL;

    fixture_script(fixture, "true");
    fixture->spec.layers = fixture_list(fixture, layers);
    cr_expect(strstr(fixture_fail(fixture), "open '/nonexistent': No such file or directory"));
    cr_expect_eq(waitpid(-1, NULL, WNOHANG), -1);
    cr_expect_eq(errno, ECHILD);
    cr_expect_eq(cgroup_open(fixture->group, "box", &group, &fixture->err), 0);
    cr_expect_eq(group, NULL);
    fixture_close(fixture);
}

Test(container, ends_all_its_processes_when_killed)
{
    struct fixture *fixture = fixture_open();
    struct container *container;

    fixture_script(fixture, "for i in 1 2 3 4 5; do sleep 100 & done; echo up; sleep 100");
    container = fixture_start(fixture);
    cr_assert(container, "%s", fixture->err.text);
    cr_assert_eq(container_kill(container, &fixture->err), 0, "%s", fixture->err.text);
    fixture_finish(fixture, container);
    cr_expect_eq(container_cleanup(fixture->group, "box", &fixture->err), 0, "%s",
                 fixture->err.text);
    fixture_close(fixture);
}

static size_t count_in(const char *path)
{
    DIR *dir = opendir(path);
    size_t count = 0;

    cr_assert(dir);
    while (readdir(dir))
        count++;
    (void)closedir(dir);
    return count;
}

/* Of the host, that lead below the fixture's directory. */
static size_t count_mounts(const struct fixture *fixture)
{
    scoped_text struct text lines = {0};
    struct error err = {0};
    size_t count = 0;

    cr_assert_eq(file_read(AT_FDCWD, "/proc/self/mountinfo", 1 << 20, &lines, NULL, &err), 0);
    for (const char *at = text_get(&lines); (at = strstr(at, fixture->dir)); at++)
        count++;
    return count;
}

Test(container, leaves_no_descriptor_and_no_mount_behind)
{
    struct fixture *fixture = fixture_open();
    struct exec_spec exec = {0};
    size_t fds;

    fixture->spec.etc_dir = fixture_path(fixture, "etc");
    fixture_run(fixture, "true");
    fds = count_in("/proc/self/fd");
    for (int i = 0; i < 10; i++) {
        struct container *container;

        fixture->spec.init = i % 2;
        fixture->spec.tty = i % 3 == 0;
        fixture_script(fixture, "sleep 1000");
        container = fixture_start(fixture);
        cr_assert(container, "%s", fixture->err.text);
        exec.args = fixture->spec.args;
        exec.user = i % 2 ? "nonesuch" : NULL;
        exec.args.items[0] = i % 2 ? "sh" : "nonesuch";
        cr_expect_lt(fixture_exec(fixture, container, &exec), 0);
        cr_assert_eq(container_kill(container, &fixture->err), 0);
        fixture_finish(fixture, container);
    }
    cr_expect_eq(count_in("/proc/self/fd"), fds);
    cr_expect_eq(count_mounts(fixture), 0);
    fixture_close(fixture);
}
