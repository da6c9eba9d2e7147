/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/image_config.h"

#include <criterion/criterion.h>
#include <string.h>

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define ROOTFS "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"sha256:" HEX "\"]}"

static int parse(const char *json, struct arena *arena, struct image_config *config,
                 struct error *err)
{
    return image_config_parse(json, strlen(json), arena, config, err);
}

Test(image_config, everything_that_is_said_is_read)
{
    static const char json[] =
        "{\"architecture\":\"arm64\",\"os\":\"linux\",\"variant\":\"v8\"," ROOTFS ",\"config\":{"
        "\"User\":\"70:70\",\"WorkingDir\":\"/srv\",\"StopSignal\":\"SIGINT\","
        "\"Entrypoint\":[\"/init\"],\"Cmd\":[\"a\",\"b\"],\"Env\":[\"A=1\",\"B=\"],"
        "\"Shell\":[\"/bin/ash\",\"-c\"],\"Volumes\":{\"/data\":{},\"/log\":{}},"
        "\"ExposedPorts\":{\"80/tcp\":{}},\"Labels\":{\"k\":\"v=w\"},"
        "\"Healthcheck\":{\"Test\":[\"CMD-SHELL\",\"true\"],\"Interval\":30000000000,\"Timeout\":1,"
        "\"StartPeriod\":2,\"StartInterval\":3,\"Retries\":4}}}";
    scoped(arena_free) struct arena *arena = arena_new();
    struct image_config config;
    struct error err = {0};

    cr_assert_eq(parse(json, arena, &config, &err), 0, "%s", err.text);
    cr_expect_str_eq(config.architecture, "arm64");
    cr_expect_str_eq(config.variant, "v8");
    cr_expect_str_eq(config.user, "70:70");
    cr_expect_str_eq(config.working_dir, "/srv");
    cr_expect_str_eq(config.stop_signal, "SIGINT");
    cr_expect_str_eq(config.entrypoint.items[0], "/init");
    cr_expect_str_eq(config.command.items[1], "b");
    cr_expect_str_eq(config.env.items[1], "B=");
    cr_expect_str_eq(config.shell.items[0], "/bin/ash");
    cr_expect_eq(config.volumes.count, 2);
    cr_expect_str_eq(config.exposed_ports.items[0], "80/tcp");
    cr_expect_str_eq(config.labels.items[0], "k=v=w");
    cr_expect_str_eq(config.healthcheck.test.items[1], "true");
    cr_expect_eq(config.healthcheck.interval_ns, 30000000000);
    cr_expect_eq(config.healthcheck.start_interval_ns, 3);
    cr_expect_eq(config.healthcheck.retries, 4);
    cr_expect_str_eq(config.diff_ids.items[0], "sha256:" HEX);
}

Test(image_config, null_and_absence_are_the_same)
{
    static const char json[] =
        "{\"architecture\":null," ROOTFS ",\"config\":{\"User\":null,\"Env\":null,"
        "\"Volumes\":null,\"Healthcheck\":null,\"Cmd\":null}}";
    scoped(arena_free) struct arena *arena = arena_new();
    struct image_config config;

    cr_assert_eq(parse(json, arena, &config, NULL), 0);
    cr_expect_str_eq(config.user, "");
    cr_expect_str_eq(config.working_dir, "");
    cr_expect_eq(config.env.count, 0);
    cr_expect_eq(config.healthcheck.test.count, 0);
}

Test(image_config, a_command_that_is_one_string_is_a_list_of_one)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct image_config config;

    cr_assert_eq(parse("{" ROOTFS ",\"config\":{\"Cmd\":\"sh\"}}", arena, &config, NULL), 0);
    cr_assert_eq(config.command.count, 1);
    cr_expect_str_eq(config.command.items[0], "sh");
}

Test(image_config, the_id_is_the_digest_of_the_bytes)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct image_config one, two;

    cr_assert_eq(parse("{" ROOTFS "}", arena, &one, NULL), 0);
    cr_assert_eq(parse("{" ROOTFS "} ", arena, &two, NULL), 0);
    cr_expect_str_neq(one.digest, two.digest);
}

Test(image_config, wrong_types_and_digests_are_refused)
{
    static const char *const texts[] = {
        "[]",
        "{}",
        "{\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"sha256:../../etc\"]}}",
        "{\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[1]}}",
        "{\"rootfs\":{\"type\":\"erofs\",\"diff_ids\":[]}}",
        "{" ROOTFS ",\"config\":[]}",
        "{" ROOTFS ",\"config\":{\"User\":0}}",
        "{" ROOTFS ",\"config\":{\"Env\":{\"A\":1}}}",
        "{" ROOTFS ",\"config\":{\"Env\":[1]}}",
        "{" ROOTFS ",\"config\":{\"Volumes\":[\"/x\"]}}",
        "{" ROOTFS ",\"config\":{\"Labels\":{\"a\":1}}}",
        "{" ROOTFS ",\"config\":{\"Healthcheck\":{\"Interval\":-1}}}",
        "{" ROOTFS ",\"config\":{\"Healthcheck\":{\"Retries\":1.5}}}",
        "{" ROOTFS ",\"config\":{\"User\":\"a\\u0000b\"}}",
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        scoped(arena_free) struct arena *arena = arena_new();
        struct image_config config;

        cr_expect_eq(parse(texts[i], arena, &config, NULL), -1, "%s", texts[i]);
    }
}
