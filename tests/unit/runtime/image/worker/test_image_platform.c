/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/worker/image_platform.h"

#include <criterion/criterion.h>

static const struct image_platform arm_v7 = {"linux", "arm", "v7"};

Test(image_platform, this_machine_suits_itself)
{
    struct image_platform host = image_platform_host();

    cr_expect_neq(image_platform_match(&host, &host), 0);
}

Test(image_platform, another_system_or_architecture_does_not_suit)
{
    const struct image_platform windows = {"windows", "arm", "v7"};
    const struct image_platform amd64 = {"linux", "amd64", ""};
    const struct image_platform nothing = {NULL, "", ""};

    cr_expect_eq(image_platform_match(&arm_v7, &windows), 0);
    cr_expect_eq(image_platform_match(&arm_v7, &amd64), 0);
    cr_expect_eq(image_platform_match(&arm_v7, &nothing), 0);
}

Test(image_platform, the_highest_variant_that_runs_is_best)
{
    const struct image_platform v8 = {"linux", "arm", "v8"};
    const struct image_platform v6 = {"linux", "arm", "v6"};
    const struct image_platform v5 = {"linux", "arm", "v5"};

    cr_expect_eq(image_platform_match(&arm_v7, &v8), 0);
    cr_expect_gt(image_platform_match(&arm_v7, &v6), image_platform_match(&arm_v7, &v5));
    cr_expect_gt(image_platform_match(&arm_v7, &arm_v7), image_platform_match(&arm_v7, &v6));
}
