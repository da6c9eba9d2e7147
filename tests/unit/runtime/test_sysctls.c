/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/sysctls.h"

#include <criterion/criterion.h>
#include <string.h>

#include "tests/unit/runtime/container_fixture.h"

TestSuite(sysctls, .fini = fixture_sweep, .timeout = 30);

static const char *plan(struct arena *arena, struct container_spec *spec, const char *item,
                        struct error *err)
{
    struct sysctls sysctls;

    spec->sysctls = (struct string_list){&item, 1};
    *err = (struct error){0};
    return sysctls_plan(spec, arena, &sysctls, err) < 0 ? NULL : sysctls.items[0].path;
}

Test(sysctls, have_paths)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct container_spec spec = {0};
    struct error err;

    cr_expect_str_eq(plan(arena, &spec, "net.core.somaxconn=1", &err), "sys/net/core/somaxconn");
    cr_expect_str_eq(plan(arena, &spec, "net/ipv4/ip_forward=1", &err), "sys/net/ipv4/ip_forward");
    cr_expect_str_eq(plan(arena, &spec, "net.ipv4.conf.eth0/1.rp_filter=1", &err),
                     "sys/net/ipv4/conf/eth0.1/rp_filter");
    cr_expect_str_eq(plan(arena, &spec, "kernel.shmmax=1", &err), "sys/kernel/shmmax");
    cr_expect_str_eq(plan(arena, &spec, "fs.mqueue.msg_max=1", &err), "sys/fs/mqueue/msg_max");
    cr_expect_str_eq(plan(arena, &spec, "kernel.domainname=x", &err), "sys/kernel/domainname");
}

Test(sysctls, of_the_host_are_refused)
{
    static const char *const items[] = {
        "kernel.core_pattern=|/x",
        "vm.swappiness=1",
        "fs.file-max=1",
        "net.ipv4/../../kernel/x=1",
        "net.//.//.kernel.x=1",
        "net/../kernel/core_pattern=x",
        "net/./x=1",
        "net..x=1",
        "net.=1",
        "kernel/core_pattern=x",
        "kernel.shmmax.x=1",
        "=1",
        "kernel.hostname=x",
        "",
        "net.core.somaxconn",
    };
    scoped(arena_free) struct arena *arena = arena_new();
    struct container_spec spec = {0};
    struct error err;

    for (size_t i = 0; i < ARRAY_LENGTH(items); i++)
        cr_expect_eq(plan(arena, &spec, items[i], &err), NULL, "'%s' is taken", items[i]);
}

Test(sysctls, of_shared_namespaces_are_refused)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct container_spec spec = {.host_network = true, .host_ipc = true, .host_uts = true};
    struct error err;

    cr_expect_eq(plan(arena, &spec, "net.core.somaxconn=1", &err), NULL);
    cr_expect_str_eq(err.text,
                     "sysctls: 'net.core.somaxconn' would change the host's network namespace");
    cr_expect_eq(plan(arena, &spec, "kernel.shmmax=1", &err), NULL);
    cr_expect_eq(plan(arena, &spec, "kernel.domainname=1", &err), NULL);
}

Test(sysctls, are_in_effect_inside)
{
    struct fixture *fixture = fixture_open();
    const char *items[] = {"net.ipv4.ip_default_ttl=77", "net.ipv4.ip_unprivileged_port_start=1000",
                           NULL};

    fixture->spec.sysctls = fixture_list(fixture, items);
    cr_expect_str_eq(fixture_run(fixture, "cat /proc/sys/net/ipv4/ip_default_ttl "
                                          "/proc/sys/net/ipv4/ip_unprivileged_port_start"),
                     "77\n1000");
    fixture_close(fixture);
}

Test(sysctls, that_do_not_exist_are_named)
{
    struct fixture *fixture = fixture_open();
    const char *items[] = {"net.core.nonesuch=1", NULL};

    fixture_script(fixture, "true");
    fixture->spec.sysctls = fixture_list(fixture, items);
    cr_expect_str_eq(fixture_fail(fixture),
                     "set sysctl 'net/core/nonesuch': No such file or directory");
    fixture_close(fixture);
}
