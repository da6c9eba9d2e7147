/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/capabilities.h"

#include <criterion/criterion.h>
#include <linux/capability.h>

#define BIT(capability) (UINT64_C(1) << (capability))

TestSuite(capabilities, .timeout = 10);

static uint64_t set_of(const char *add, const char *drop)
{
    struct container_spec spec = {0};
    uint64_t set = UINT64_MAX;
    struct error err = {0};

    if (add)
        spec.cap_add = (struct string_list){&add, 1};
    if (drop)
        spec.cap_drop = (struct string_list){&drop, 1};
    cr_assert_eq(capabilities_of(&spec, true, &set, &err), 0, "%s", err.text);
    return set;
}

Test(capabilities, begin_with_dockers_set)
{
    cr_expect_eq(set_of(NULL, NULL), 0x800425fb);
}

Test(capabilities, can_be_added_and_dropped_in_any_spelling)
{
    cr_expect_eq(set_of("net_admin", NULL), 0x800425fb | BIT(CAP_NET_ADMIN));
    cr_expect_eq(set_of("CAP_MKNOD", NULL), 0x800425fb | BIT(CAP_MKNOD));
    cr_expect_eq(set_of(NULL, "Cap_Chown"), 0x800425fb & ~BIT(CAP_CHOWN));
}

Test(capabilities, follow_dockers_rules_for_all)
{
    cr_expect_eq(set_of(NULL, "ALL"), 0);
    cr_expect_eq(set_of("CHOWN", "all"), BIT(CAP_CHOWN));
    cr_expect_eq(set_of("ALL", "SYS_ADMIN"), capabilities_all() & ~BIT(CAP_SYS_ADMIN));
}

Test(capabilities, never_exceed_our_own_without_a_user_namespace)
{
    struct container_spec spec = {.privileged = true};
    uint64_t set;
    struct error err = {0};

    cr_assert_eq(capabilities_of(&spec, true, &set, &err), 0);
    cr_expect_eq(set, capabilities_all());
    cr_assert_eq(capabilities_of(&spec, false, &set, &err), 0);
    cr_expect_eq(set & ~capabilities_all(), 0);
}
