/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/runtime/container_fixture.h"

TestSuite(container_exec, .fini = fixture_sweep, .timeout = 60);

static struct container *start_sleeping(struct fixture *fixture)
{
    const char *args[] = {"sleep", "1000", NULL};
    struct container *container;

    fixture->spec.args = fixture_list(fixture, args);
    container = fixture_start(fixture);
    cr_assert(container, "%s", fixture->err.text);
    return container;
}

static struct exec_spec script(struct fixture *fixture, const char *text)
{
    const char *args[] = {"sh", "-c", text, NULL};

    return (struct exec_spec){.args = fixture_list(fixture, args)};
}

static const char *stop(struct fixture *fixture, struct container *container)
{
    cr_assert_eq(container_kill(container, &fixture->err), 0, "%s", fixture->err.text);
    return fixture_finish(fixture, container);
}

Test(container_exec, runs_in_the_containers_namespaces)
{
    struct fixture *fixture = fixture_open();
    struct container *container = start_sleeping(fixture);
    struct exec_spec exec =
        script(fixture, "for n in cgroup ipc mnt net pid user uts; do test $(readlink "
                        "/proc/1/ns/$n) = $(readlink /proc/self/ns/$n) || echo $n; done; exit 9");

    cr_expect_eq(WEXITSTATUS(fixture_exec(fixture, container, &exec)), 9, "%s", fixture->err.text);
    cr_expect_str_eq(stop(fixture, container), "");
    fixture_close(fixture);
}

Test(container_exec, sees_the_containers_root_and_nothing_of_the_host)
{
    struct fixture *fixture = fixture_open();
    struct container *container = start_sleeping(fixture);
    struct exec_spec exec = script(fixture, "ls / /bin/.. /proc/1/root/; readlink /proc/self/root");

    cr_expect_eq(fixture_exec(fixture, container, &exec), 0, "%s", fixture->err.text);
    cr_expect_str_eq(
        stop(fixture, container),
        "/:\nbin\ndev\netc\nproc\nsys\ntmp\n\n/bin/..:\nbin\ndev\netc\nproc\nsys\ntmp\n\n"
        "/proc/1/root/:\nbin\ndev\netc\nproc\nsys\ntmp\n/");
    fixture_close(fixture);
}

Test(container_exec, has_the_identity_and_capabilities_of_the_container)
{
    struct fixture *fixture = fixture_open();
    struct container *container;
    struct exec_spec exec =
        script(fixture, "id; echo $HOME; f='^(Cap|Seccomp:|NoNew)'; "
                        "a=$(grep -E $f /proc/1/status); b=$(grep -E $f /proc/self/status); "
                        "echo \"$b\"; test \"$a\" = \"$b\" && echo same");

    fixture->spec.user = "app";
    container = start_sleeping(fixture);
    cr_expect_eq(fixture_exec(fixture, container, &exec), 0, "%s", fixture->err.text);
    stop(fixture, container);
    cr_expect(strstr(fixture->output, "uid=1000(app) gid=1001(appgroup) "
                                      "groups=10(wheel),29(audio),1001(appgroup)"),
              "%s", fixture->output);
    cr_expect(strstr(fixture->output, "\n/home/app\n"), "%s", fixture->output);
    cr_expect(strstr(fixture->output, "CapEff:\t0000000000000000"), "%s", fixture->output);
    cr_expect(strstr(fixture->output, "\nsame"), "%s", fixture->output);
    fixture_close(fixture);
}

Test(container_exec, takes_another_user_and_directory)
{
    struct fixture *fixture = fixture_open();
    struct container *container = start_sleeping(fixture);
    struct exec_spec exec = script(fixture, "id -u; pwd");

    exec.user = "1000";
    exec.cwd = "/etc";
    cr_expect_eq(fixture_exec(fixture, container, &exec), 0, "%s", fixture->err.text);
    cr_expect_str_eq(stop(fixture, container), "1000\n/etc");
    fixture_close(fixture);
}

Test(container_exec, reports_a_missing_program_with_127)
{
    struct fixture *fixture = fixture_open();
    struct container *container = start_sleeping(fixture);
    const char *args[] = {"nonesuch", NULL};
    struct exec_spec exec = {.args = fixture_list(fixture, args)};

    cr_expect_eq(fixture_exec(fixture, container, &exec), -1 - 127);
    cr_expect_str_eq(fixture->err.text, "run 'nonesuch': No such file or directory");
    cr_expect_eq(waitpid(-1, NULL, WNOHANG), 0, "something was left");
    stop(fixture, container);
    fixture_close(fixture);
}

Test(container_exec, has_no_descriptors_but_the_three)
{
    struct fixture *fixture = fixture_open();
    struct container *container = start_sleeping(fixture);
    struct exec_spec exec =
        script(fixture, "i=0; while test $i -lt 300; do "
                        "test -e /proc/$$/fd/$i && echo $i; i=$((i + 1)); done; "
                        "true");

    cr_expect_eq(fixture_exec(fixture, container, &exec), 0, "%s", fixture->err.text);
    cr_expect_str_eq(stop(fixture, container), "0\n1\n2");
    fixture_close(fixture);
}

Test(container_exec, refuses_a_directory_outside_of_the_root)
{
    struct fixture *fixture = fixture_open();
    struct container *container = start_sleeping(fixture);
    struct exec_spec exec = script(fixture, "ls -ld .");

    for (int fd = 3; fd < 12; fd++) {
        exec.cwd = arena_printf(fixture->arena, "/proc/self/fd/%d", fd);
        cr_expect_lt(fixture_exec(fixture, container, &exec), 0, "%s worked", exec.cwd);
    }
    cr_expect_str_eq(stop(fixture, container), "");
    fixture_close(fixture);
}

Test(container_exec, works_in_a_container_that_was_adopted)
{
    struct fixture *fixture = fixture_open();
    struct container *container = start_sleeping(fixture), *adopted = NULL;
    struct exec_spec exec = script(fixture, "id -u; cat /proc/self/uid_map | tr -s ' '");

    cr_assert_eq(container_adopt(&fixture->spec, container_pid(container),
                                 container_start_time(container), &adopted, &fixture->err),
                 0);
    cr_assert(adopted);
    container_free(container);
    cr_expect_eq(fixture_exec(fixture, adopted, &exec), 0, "%s", fixture->err.text);
    cr_expect_str_eq(stop(fixture, adopted), "0\n 0 1000000 65536");
    fixture_close(fixture);
}

Test(container_exec, ends_with_the_container)
{
    struct fixture *fixture = fixture_open();
    struct container *container = start_sleeping(fixture);
    struct exec_spec exec = script(fixture, "sleep 1000 & sleep 1000");
    struct exec_result result;

    exec.env = fixture->spec.env;
    exec.stdio_fds[0] = exec.stdio_fds[1] = exec.stdio_fds[2] = 2;
    cr_assert_eq(container_execute(container, &fixture->spec, &exec, &result, &fixture->err), 0,
                 "%s", fixture->err.text);
    cr_assert_eq(container_kill(container, &fixture->err), 0);
    cr_assert_eq(waitpid(result.pid, &fixture->wait_status, 0), result.pid);
    cr_expect(WIFSIGNALED(fixture->wait_status));
    (void)close(result.pidfd);
    fixture_finish(fixture, container);
    fixture_close(fixture);
}
