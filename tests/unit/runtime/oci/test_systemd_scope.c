/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/oci/systemd_scope.h"

#include <criterion/criterion.h>

#include "common/text.h"

static const char *joined(struct arena *arena, struct string_list list)
{
    const char *all = "";

    for (size_t i = 0; i < list.count; i++)
        all = arena_printf(arena, "%s%s%s", all, i ? " " : "", list.items[i]);
    return all;
}

static struct systemd_scope named(struct arena *arena, const char *path)
{
    struct systemd_scope scope = {0};
    struct error err = {0};

    cr_assert_eq(systemd_scope_name(path, "id", arena, &scope, &err), 0, "%s", err.text);
    return scope;
}

Test(systemd_scope, a_path_of_three_parts_names_slice_and_unit)
{
    scoped(arena_free) struct arena *arena = arena_new();

    cr_expect_str_eq(named(arena, "machine.slice:libpod:abc").slice, "machine.slice");
    cr_expect_str_eq(named(arena, "machine.slice:libpod:abc").unit, "libpod-abc.scope");
    cr_expect_null(named(arena, ":docker:abc").slice);
    cr_expect_str_eq(named(arena, "a-b.slice::abc").unit, "abc.scope");
    cr_expect_str_eq(named(arena, "a.slice:abc.scope").unit, "abc.scope");
}

Test(systemd_scope, without_a_path_the_unit_is_named_after_the_container)
{
    scoped(arena_free) struct arena *arena = arena_new();

    cr_expect_str_eq(named(arena, NULL).unit, "yawl-oci-id.scope");
    cr_expect_null(named(arena, "").slice);
}

Test(systemd_scope, what_is_no_name_of_a_unit_is_refused)
{
    static const char *const wrong[] = {"/a/b",          "a.slice:b:c:d",  "a.slice:b:",  "a:b:c",
                                        "a.slice:b:c/d", "../x.slice:b:c", "a.slice:-:\n"};
    scoped(arena_free) struct arena *arena = arena_new();

    for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++) {
        struct systemd_scope scope;
        struct error err = {0};

        cr_expect_eq(systemd_scope_name(wrong[i], "id", arena, &scope, &err), -1, "%s", wrong[i]);
    }
}

Test(systemd_scope, limits_are_properties_where_systemd_knows_them)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct cgroup_setting settings[] = {
        {.v2_file = "memory.max", .v2_value = "1048576"},
        {.v2_file = "memory.swap.max", .v2_value = "max"},
        {.v2_file = "cpu.max", .v2_value = "50000 100000"},
        {.v2_file = "cpuset.cpus", .v2_value = "0-1,3"},
        {.v2_file = "hugetlb.2MB.max", .v2_value = "0"},
        {.v1_file = "memory.swappiness", .v1_value = "1"},
    };
    const struct resource_spec resources = {.settings = settings,
                                            .n_settings = ARRAY_LENGTH(settings)};
    struct string_list properties = {0};

    systemd_scope_properties(&resources, arena, &properties);
    cr_expect_str_eq(joined(arena, properties),
                     "MemoryMax=1048576 MemorySwapMax=infinity CPUQuotaPeriodSec=100000us "
                     "CPUQuota=50.00% AllowedCPUs=0-1,3");
}

Test(systemd_scope, a_quota_is_rounded_up_and_none_is_said_so)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct cgroup_setting settings[] = {
        {.v2_file = "cpu.max", .v2_value = "1000 300000"},
        {.v2_file = "cpu.max", .v2_value = "max 100000"},
    };
    const struct resource_spec resources = {.settings = settings,
                                            .n_settings = ARRAY_LENGTH(settings)};
    struct string_list properties = {0};

    systemd_scope_properties(&resources, arena, &properties);
    cr_expect_str_eq(joined(arena, properties), "CPUQuotaPeriodSec=300000us CPUQuota=0.34% "
                                                "CPUQuotaPeriodSec=100000us CPUQuota=");
}

Test(systemd_scope, the_command_names_everything_and_becomes_what_waits)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct cgroup_setting setting = {.v2_file = "pids.max", .v2_value = "10"};
    const struct resource_spec resources = {.settings = &setting, .n_settings = 1};
    const struct systemd_scope scope = {"a.slice", "b.scope"};
    struct string_list words = {0};

    systemd_scope_command(&scope, &resources, true, arena, &words);
    cr_expect_str_eq(joined(arena, words),
                     "systemd-run --scope --quiet --collect --property=Delegate=yes "
                     "--property=DefaultDependencies=no --user --slice=a.slice --unit=b.scope "
                     "--property=TasksMax=10 -- cat");
}

Test(systemd_scope, the_group_is_found_on_hosts_of_v2_alone)
{
    scoped(arena_free) struct arena *arena = arena_new();

    cr_expect_str_eq(systemd_scope_path("0::/system.slice/x.scope\n", arena),
                     "/system.slice/x.scope");
    cr_expect_null(systemd_scope_path("4:memory:/a\n0::/system.slice/x.scope\n", arena));
    cr_expect_null(systemd_scope_path("", arena));
}
