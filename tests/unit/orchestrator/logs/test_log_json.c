/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/logs/log_json.h"

#include <criterion/criterion.h>

#include "common/json.h"

static void format(struct text *out, const char *bytes, size_t length)
{
    struct log_line line = {.name = "shop-api-1",
                            .stream = LOG_STDERR,
                            .time_ns = UINT64_C(1769860800000000042),
                            .text = bytes,
                            .length = length};

    log_json_append(out, &line, "api", LEVEL_WARN);
}

static json_t *parse(const char *bytes, size_t length)
{
    scoped_text struct text out = {0};
    struct error err = {0};
    json_t *json;

    format(&out, bytes, length);
    json = json_parse(out.data, out.length, &err);
    cr_assert_not_null(json, "%s: %s", err.text, text_get(&out));
    return json;
}

Test(log_json, has_all_keys_in_order)
{
    scoped_text struct text out = {0};

    format(&out, "hello", 5);
    cr_expect_str_eq(text_get(&out),
                     "{\"time\":\"2026-01-31T12:00:00.000000042Z\",\"service\":\"api\","
                     "\"container\":\"shop-api-1\",\"stream\":\"stderr\",\"line\":\"hello\","
                     "\"level\":\"warn\"}");
}

Test(log_json, a_level_that_is_not_known_is_null_and_a_piece_says_so)
{
    scoped_text struct text out = {0};
    struct log_line line = {
        .name = "c", .stream = LOG_EVENT, .text = "x", .length = 1, .partial = true};

    log_json_append(&out, &line, "s", LEVEL_NONE);
    cr_expect_str_eq(text_get(&out),
                     "{\"time\":\"1970-01-01T00:00:00.000000000Z\",\"service\":\"s\","
                     "\"container\":\"c\",\"stream\":\"event\",\"line\":\"x\",\"level\":null,"
                     "\"partial\":true}");
}

Test(log_json, escapes_come_back)
{
    static const char text[] =
        "quote \" slash \\ tab \t cr \r esc \033 del \177 \xc3\xbc \xf0\x9f\x98\x80";
    scoped(json_release) json_t *json = parse(text, sizeof(text) - 1);

    cr_expect_str_eq(json_get_string(json, "line", ""), text);
    cr_expect_null(json_get_string(json, "base64", NULL));
}

Test(log_json, what_is_no_utf_8_is_shown_as_such_and_kept_as_base64)
{
    scoped(json_release) json_t *json = parse("a\xff\xc0\x80\xed\xa0\x80z", 8);

    cr_expect_str_eq(json_get_string(json, "line", ""),
                     "a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz");
    cr_expect_str_eq(json_get_string(json, "base64", ""), "Yf/AgO2ggHo=");
}

Test(log_json, a_zero_byte_is_text)
{
    scoped_text struct text out = {0};

    format(&out, "a\0b", 3);
    cr_expect_not_null(strstr(text_get(&out), "\"a\\u0000b\""));
}

Test(log_json, base64_has_the_right_padding)
{
    scoped(json_release) json_t *one = parse("\xff", 1);
    scoped(json_release) json_t *two = parse("\xff\xff", 2);
    scoped(json_release) json_t *three = parse("\xff\xff\xff", 3);

    cr_expect_str_eq(json_get_string(one, "base64", ""), "/w==");
    cr_expect_str_eq(json_get_string(two, "base64", ""), "//8=");
    cr_expect_str_eq(json_get_string(three, "base64", ""), "////");
}
