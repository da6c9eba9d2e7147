/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/cgroup/cgroup_devices.h"

#include <criterion/criterion.h>
#include <string.h>

#include "common/text.h"

static struct device_rules make(const struct device_spec *devices, size_t count)
{
    struct device_rules rules;
    struct error err = {0};

    cr_assert_eq(device_rules_make(devices, count, &rules, &err), 0, "%s", err.text);
    return rules;
}

Test(cgroup_devices, what_is_no_device_is_refused_by_name)
{
    static const struct device_spec wrong[] = {
        {"/etc/passwd", "/dev/x", "rwm"},
        {"/dev/no-such-device", "/dev/x", "rwm"},
        {"/dev/null", "/dev/x", "rwx"},
    };
    struct device_rules rules;

    for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++) {
        struct error err = {0};

        cr_expect_eq(device_rules_make(&wrong[i], 1, &rules, &err), -1);
        cr_expect_not_null(strstr(err.text, wrong[i].source), "%s", err.text);
    }
}

Test(cgroup_devices, without_a_target_the_source_is_a_rule)
{
    static const struct device_spec devices[] = {{"c 189:*", NULL, "rw"}, {"a *:7", NULL, "m"}};
    struct device_rules none = make(NULL, 0);
    struct device_rules rules = make(devices, 2);
    const struct device_rule *first = &rules.items[none.count], *second = first + 1;

    cr_assert_eq(rules.count, none.count + 2);
    cr_expect(first->type == 'c' && first->major_number == 189);
    cr_expect_eq(first->minor_number, DEVICE_ANY);
    cr_expect_eq(first->access, ACCESS_READ | ACCESS_WRITE);
    cr_expect(second->type == 'a' && second->major_number == DEVICE_ANY);
    cr_expect(second->minor_number == 7 && second->access == ACCESS_MKNOD);
}

Test(cgroup_devices, what_is_no_rule_is_refused_by_its_text)
{
    static const char *const wrong[] = {"",       "c",      "c 1",    "x 1:2",  "c1:2",
                                        "c 1:",   "c :2",   "c -1:2", "c 1:2 ", "c 1:99999999999",
                                        "c **:1", "c 1:2:3"};
    struct device_rule rule;

    for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++) {
        struct error err = {0};

        cr_expect_eq(device_rule_parse(wrong[i], "r", &rule, &err), -1, "%s", wrong[i]);
        cr_expect(strstr(err.text, wrong[i]), "%s", err.text);
    }
    cr_expect_eq(device_rule_parse("c 1:2", "rx", &rule, NULL), -1);
}

Test(cgroup_devices, a_directory_stands_for_the_devices_in_it)
{
    struct device_spec devices = {"/dev", "/dev", "rw"};
    struct device_rules none = make(NULL, 0);
    struct device_rules rules = make(&devices, 1);

    cr_expect_gt(rules.count, none.count + 3);
    for (size_t i = none.count; i < rules.count; i++)
        cr_expect_eq(rules.items[i].access, ACCESS_READ | ACCESS_WRITE);
}
