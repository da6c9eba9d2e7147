/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/image_platform.h"

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

static const char *canonical(struct arena *arena, const char *text)
{
    struct image_platform platform;

    return image_platform_parse(text, arena, &platform, NULL) < 0
               ? NULL
               : image_platform_format(&platform, arena);
}

Test(image_platform, spellings_of_one_platform_become_one)
{
    static const char *const pairs[][2] = {
        {"linux/amd64", "linux/amd64"},    {"Linux/x86_64", "linux/amd64"},
        {"linux/amd64/v1", "linux/amd64"}, {"linux/amd64/v3", "linux/amd64/v3"},
        {"linux/aarch64", "linux/arm64"},  {"linux/arm64/v8", "linux/arm64"},
        {"linux/arm", "linux/arm/v7"},     {"linux/armhf", "linux/arm/v7"},
        {"linux/arm/6", "linux/arm/v6"},   {"windows/amd64", "windows/amd64"},
    };
    scoped(arena_free) struct arena *arena = arena_new();

    for (size_t i = 0; i < ARRAY_LENGTH(pairs); i++)
        cr_expect_str_eq(canonical(arena, pairs[i][0]), pairs[i][1], "%s", pairs[i][0]);
}

Test(image_platform, what_is_no_platform_is_refused)
{
    static const char *const texts[] = {"",
                                        "/",
                                        "linux/",
                                        "/amd64",
                                        "linux//v7",
                                        "linux/arm/v7/",
                                        "linux/arm/v7/x",
                                        "linux/a b",
                                        "linux/../x y"};
    scoped(arena_free) struct arena *arena = arena_new();

    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++)
        cr_expect_null(canonical(arena, texts[i]), "%s", texts[i]);
}

Test(image_platform, this_machines_own_has_no_key)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct image_platform host = image_platform_host();
    const char *key;

    cr_assert_eq(image_platform_key(NULL, arena, &key, NULL), 0);
    cr_expect_null(key);
    cr_assert_eq(image_platform_key("linux", arena, &key, NULL), 0);
    cr_expect_null(key);
    cr_assert_eq(image_platform_key(image_platform_format(&host, arena), arena, &key, NULL), 0);
    cr_expect_null(key);
    cr_assert_eq(image_platform_key("windows/s390x", arena, &key, NULL), 0);
    cr_expect_str_eq(key, "windows/s390x");
}
