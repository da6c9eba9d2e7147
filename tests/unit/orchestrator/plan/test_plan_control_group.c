/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>

#include "common/text.h"
#include "tests/unit/orchestrator/plan/plan_fixture.h"

static void expect_parent(const char *chosen, const char *expected)
{
    struct fixture fixture;
    struct plan *plan;

    fixture_init(&fixture);
    fixture.service.cgroup_parent = chosen;
    plan = fixture_plan(&fixture);
    cr_assert_not_null(plan, "%s", first_error(&fixture));
    cr_expect_str_eq(plan->instances[0].container.cgroup_parent, expected, "%s",
                     chosen ? chosen : "nothing");
    fixture_done(&fixture);
}

Test(plan_control_group, a_chosen_parent_has_a_group_of_the_project_in_it)
{
    expect_parent(NULL, "yawl/p");
    expect_parent("", "yawl/p");
    expect_parent("/", "yawl/p");
    expect_parent("batch", "/batch/yawl/p");
    expect_parent("/batch/low/", "/batch/low/yawl/p");
}

Test(plan_control_group, a_slice_is_where_systemd_has_it)
{
    expect_parent("batch.slice", "/batch.slice/yawl/p");
    expect_parent("batch-low-x.slice", "/batch.slice/batch-low.slice/batch-low-x.slice/yawl/p");
    expect_parent("-.slice", "/yawl/p");
    expect_parent("/x/a-b.slice", "/x/a-b.slice/yawl/p");
}

Test(plan_control_group, paths_that_lead_elsewhere_are_refused)
{
    static const char *const paths[] = {"..", "/a/../b", "a//b", "./a", "a/.supervisor", "a\nb"};

    for (size_t i = 0; i < ARRAY_LENGTH(paths); i++) {
        struct fixture fixture;

        fixture_init(&fixture);
        fixture.service.cgroup_parent = paths[i];
        (void)fixture_plan(&fixture);
        cr_expect_not_null(strstr(first_error(&fixture), "is no path of a control group"), "%s",
                           paths[i]);
        fixture_done(&fixture);
    }
}

static const struct cgroup_setting *setting_of(const struct plan *plan, const char *key)
{
    const struct resource_spec *resources = &plan->instances[0].container.resources;

    for (size_t i = 0; i < resources->n_settings; i++)
        if (string_eq(resources->settings[i].key, key))
            return &resources->settings[i];
    cr_assert(false, "no '%s'", key);
    return NULL;
}

Test(plan_control_group, what_control_groups_v1_alone_have_is_left_out_elsewhere)
{
    static const struct {
        const char *key, *controller, *file, *value;
    } wanted[] = {{"mem_swappiness", "memory", "memory.swappiness", "10"},
                  {"oom_kill_disable", "memory", "memory.oom_control", "1"},
                  {"cpu_rt_period", "cpu", "cpu.rt_period_us", "500000"},
                  {"cpu_rt_runtime", "cpu", "cpu.rt_runtime_us", "20000"}};
    struct fixture fixture;
    struct plan *plan;

    fixture_init(&fixture);
    fixture.service.mem_swappiness = 10;
    fixture.service.oom_kill_disable = true;
    fixture.service.cpu_rt_period_us = 500000;
    fixture.service.cpu_rt_runtime_us = 20000;
    plan = fixture_plan(&fixture);
    cr_assert_not_null(plan, "%s", first_error(&fixture));
    for (size_t i = 0; i < ARRAY_LENGTH(wanted); i++) {
        const struct cgroup_setting *setting = setting_of(plan, wanted[i].key);

        cr_expect_str_eq(setting->controller, wanted[i].controller);
        cr_expect_str_eq(setting->v1_file, wanted[i].file);
        cr_expect_str_eq(setting->v1_value, wanted[i].value);
        cr_expect_null(setting->v2_file);
        cr_expect(setting->optional);
    }
    fixture_done(&fixture);
}

Test(plan_control_group, swappiness_is_a_share_of_a_hundred)
{
    struct fixture fixture;
    struct plan *plan;

    fixture_init(&fixture);
    fixture.service.mem_swappiness = -1;
    plan = fixture_plan(&fixture);
    cr_assert_not_null(plan);
    cr_expect_eq(plan->instances[0].container.resources.n_settings, 0);
    fixture.service.mem_swappiness = 101;
    (void)fixture_plan(&fixture);
    cr_expect_not_null(strstr(first_error(&fixture), "101 is not from 0 to 100"));
    fixture_done(&fixture);
}

Test(plan_control_group, who_has_the_hosts_group_namespace_has_its_ids)
{
    struct fixture fixture;
    struct plan *plan;

    fixture_init(&fixture);
    plan = fixture_plan(&fixture);
    cr_assert_not_null(plan);
    cr_expect_gt(plan->instances[0].container.id_map.count, 0);
    cr_expect_not(plan->instances[0].container.host_cgroup);
    fixture.service.cgroup_mode = "host";
    plan = fixture_plan(&fixture);
    cr_assert_not_null(plan);
    cr_expect_eq(plan->instances[0].container.id_map.count, 0);
    cr_expect(plan->instances[0].container.host_cgroup);
    fixture_done(&fixture);
}
