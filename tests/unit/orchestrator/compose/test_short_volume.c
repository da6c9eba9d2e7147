/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/compose/short_volume.h"

#include <criterion/criterion.h>

#include "common/text.h"
#include "orchestrator/compose/print.h"

/* The long form as compact JSON, or the error. */
static const char *read(struct arena *arena, const char *text)
{
    struct position at = {"f", 1, 1};
    struct node *map = node_new(arena, NODE_MAP, at);
    scoped_text struct text out = {0};
    struct error err = {0};
    const char *unknown;

    if (short_volume_read(arena, node_string(arena, text, at), map, &unknown, &err) < 0)
        return arena_strdup(arena, err.text);
    print_json(map, NULL, 0, &out);
    return arena_strdup(arena, text_get(&out));
}

#define EXPECT(text, result)                                                                       \
    do {                                                                                           \
        scoped(arena_free) struct arena *arena = arena_new();                                      \
        cr_expect_str_eq(read(arena, text), result);                                               \
    } while (0)

Test(short_volume, a_path_is_a_bind_mount)
{
    EXPECT("./a:/b", "{\"bind\":{\"create_host_path\":true},\"source\":\"./a\",\"target\":\"/b\","
                     "\"type\":\"bind\"}");
    EXPECT("~/a:/b:ro",
           "{\"bind\":{\"create_host_path\":true},\"read_only\":true,\"source\":\"~/a\","
           "\"target\":\"/b\",\"type\":\"bind\"}");
}

Test(short_volume, a_name_is_a_volume)
{
    EXPECT("data:/b:nocopy", "{\"source\":\"data\",\"target\":\"/b\",\"type\":\"volume\","
                             "\"volume\":{\"nocopy\":true}}");
}

Test(short_volume, a_target_alone_is_anonymous)
{
    EXPECT("/data", "{\"target\":\"/data\",\"type\":\"volume\",\"volume\":{}}");
    EXPECT("/d", "{\"target\":\"/d\",\"type\":\"volume\"}");
}

Test(short_volume, unknown_options_are_dropped)
{
    EXPECT("a1:/b:foo,rshared,Z",
           "{\"bind\":{\"propagation\":\"rshared\",\"selinux\":\"Z\"},\"source\":\"a1\","
           "\"target\":\"/b\",\"type\":\"volume\",\"volume\":{}}");
}

Test(short_volume, a_colon_inside_a_variable_does_not_split)
{
    EXPECT("./${A:-x}:/b",
           "{\"bind\":{\"create_host_path\":true},\"source\":\"./${A:-x}\",\"target\":\"/b\","
           "\"type\":\"bind\"}");
}

Test(short_volume, a_letter_before_a_colon_is_a_drive)
{
    EXPECT("v:/data", "{\"target\":\"v:/data\",\"type\":\"volume\",\"volume\":{}}");
}

Test(short_volume, mistakes_are_named)
{
    EXPECT("", "invalid empty volume spec");
    EXPECT("/a::ro", "invalid spec: /a::ro: empty section between colons");
    EXPECT("/a:/b:ro:x", "invalid spec: /a:/b:ro:x: too many colons");
}

static void expect_unknown(const char *text, const char *option)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct position at = {"f", 1, 1};
    struct node *map = node_new(arena, NODE_MAP, at);
    struct error err = {0};
    const char *unknown;

    cr_assert_eq(short_volume_read(arena, node_string(arena, text, at), map, &unknown, &err), 0);
    if (option)
        cr_expect_str_eq(unknown, option);
    else
        cr_expect_null(unknown, "%s", text);
}

Test(short_volume, an_option_that_means_nothing_is_named)
{
    expect_unknown("/a:/b:ro,readonly,RW", "readonly");
    expect_unknown("/a:/b:z,rslave,nocopy,rw", NULL);
    expect_unknown("/a:/b:cached", NULL);
    expect_unknown("/a", NULL);
}
