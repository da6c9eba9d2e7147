/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/cgroup/cgroup_layout.h"

#include <criterion/criterion.h>
#include <string.h>

#define TMPFS "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n"

static struct cgroup_layout parse(struct arena *arena, const char *mountinfo, const char *own)
{
    struct cgroup_layout layout;

    cgroup_layout_parse(arena, arena_strdup(arena, mountinfo), arena_strdup(arena, own), &layout);
    return layout;
}

Test(cgroup_layout, a_pure_v2_host_has_no_v1_hierarchies)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct cgroup_layout layout = parse(
        arena, "26 23 0:23 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n",
        "0::/user.slice/user-1000.slice/session-2.scope\n");

    cr_expect_str_eq(layout.v2.mount, "/sys/fs/cgroup");
    cr_expect_str_eq(layout.v2.own, "/user.slice/user-1000.slice/session-2.scope");
    for (size_t i = 0; i < CONTROLLER_COUNT; i++)
        cr_expect_null(layout.v1[i].mount);
}

Test(cgroup_layout, a_hybrid_host_has_both)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct cgroup_layout layout =
        parse(arena,
              TMPFS "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
                    "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n"
                    "40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd\n"
                    "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n",
              "9:name=systemd:/\n4:memory:/machine/a:b\n1:cpu,cpuacct:/\n0::/\n");

    cr_expect_str_eq(layout.v2.mount, "/sys/fs/cgroup/unified");
    cr_expect_str_eq(layout.v1[CONTROLLER_CPU].mount, "/sys/fs/cgroup/cpu,cpuacct");
    cr_expect_str_eq(layout.v1[CONTROLLER_CPU].own, "");
    cr_expect_str_eq(layout.v1[CONTROLLER_MEMORY].mount, "/sys/fs/cgroup/memory");
    cr_expect_str_eq(layout.v1[CONTROLLER_MEMORY].own, "/machine/a:b");
    cr_expect_null(layout.v1[CONTROLLER_CPUSET].mount);
}

Test(cgroup_layout, a_mount_that_shows_a_part_shortens_our_path)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct cgroup_layout layout =
        parse(arena, "35 31 0:32 /docker/abc /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n",
              "4:pids:/docker/abc/inner\n");

    cr_expect_str_eq(layout.v1[CONTROLLER_PIDS].own, "/inner");
}

Test(cgroup_layout, a_mount_that_does_not_show_our_group_does_not_count)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct cgroup_layout layout =
        parse(arena,
              "35 31 0:32 /docker/ab /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n"
              "36 31 0:33 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n",
              "4:pids:/docker/abc\n5:memory:/../../elsewhere\n");

    cr_expect_null(layout.v1[CONTROLLER_PIDS].mount);
    cr_expect_null(layout.v1[CONTROLLER_MEMORY].mount);
}

Test(cgroup_layout, a_read_only_mount_does_not_count)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct cgroup_layout layout =
        parse(arena,
              "26 23 0:23 / /sys/fs/cgroup ro,nosuid - cgroup2 cgroup rw\n"
              "27 23 0:23 / /mnt/with\\040blank rw - cgroup2 cgroup rw\n",
              "0::/\n");

    cr_expect_str_eq(layout.v2.mount, "/mnt/with blank");
}

Test(cgroup_layout, garbage_is_passed_over)
{
    static const char *const lines[] = {"",
                                        "\n\n",
                                        " - cgroup",
                                        "a b - cgroup2 c d",
                                        "1 2 3 4 5 6 - cgroupfs x y",
                                        "1 2 3 / /x rw - cgroup "};
    scoped(arena_free) struct arena *arena = arena_new();

    for (size_t i = 0; i < ARRAY_LENGTH(lines); i++) {
        struct cgroup_layout layout = parse(arena, lines[i], "0::/\n4:pids:/\nx\n:\n::\n");

        cr_expect_null(layout.v2.mount, "%s", lines[i]);
        cr_expect_null(layout.v1[CONTROLLER_PIDS].mount, "%s", lines[i]);
    }
}

Test(cgroup_layout, the_unit_of_a_users_systemd_is_found_in_a_path)
{
#define MANAGER "/user.slice/user-1000.slice/user@1000.service"
    static const struct {
        const char *own, *unit;
    } cases[] = {
        {MANAGER "/app.slice/run-1.scope", MANAGER "/app.slice/run-1.scope"},
        {MANAGER "/app.slice/run-1.scope/yawl/.supervisor", MANAGER "/app.slice/run-1.scope"},
        {MANAGER "/app.slice/a-b.slice/x.service/y.scope",
         MANAGER "/app.slice/a-b.slice/x.service"},
        {MANAGER "/app.slice", ""},
        {MANAGER, ""},
        {MANAGER "/app.slice/.scope/x", ""},
        {"/user.slice/user-1000.slice/session-2.scope", ""},
        {"/system.slice/web.service", ""},
        {"", ""},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        size_t length = cgroup_layout_user_unit(cases[i].own);

        cr_expect_eq(length, strlen(cases[i].unit), "%s", cases[i].own);
        cr_expect_eq(strncmp(cases[i].own, cases[i].unit, length), 0, "%s", cases[i].own);
    }
}

Test(cgroup_layout, this_host_has_at_least_one_hierarchy)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct cgroup_layout layout;
    struct error err = {0};

    cr_assert_eq(cgroup_layout_read(arena, &layout, &err), 0, "%s", err.text);
    cr_expect(layout.v2.mount || layout.v1[CONTROLLER_PIDS].mount);
}
