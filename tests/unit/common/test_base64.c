/* SPDX-License-Identifier: Apache-2.0 */
#include "common/base64.h"

#include <criterion/criterion.h>

static void expect_pair(const char *plain, const char *encoded)
{
    scoped_text struct text out = {0}, back = {0};

    base64_append(&out, plain, strlen(plain));
    cr_expect_str_eq(text_get(&out), encoded);
    cr_expect(base64_decode(encoded, &back));
    cr_expect_str_eq(text_get(&back), plain);
}

Test(base64, vectors_of_the_standard_go_both_ways)
{
    expect_pair("", "");
    expect_pair("f", "Zg==");
    expect_pair("fo", "Zm8=");
    expect_pair("foo", "Zm9v");
    expect_pair("foob", "Zm9vYg==");
    expect_pair("fooba", "Zm9vYmE=");
    expect_pair("foobar", "Zm9vYmFy");
}

Test(base64, all_bytes_survive)
{
    scoped_text struct text out = {0}, back = {0};
    unsigned char bytes[256];

    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (unsigned char)i;
    base64_append(&out, bytes, sizeof(bytes));
    cr_assert(base64_decode(text_get(&out), &back));
    cr_expect_eq(back.length, sizeof(bytes));
    cr_expect_eq(memcmp(back.data, bytes, sizeof(bytes)), 0);
}

Test(base64, padding_may_be_absent)
{
    scoped_text struct text back = {0};

    cr_expect(base64_decode("Zm9vYg", &back));
    cr_expect_str_eq(text_get(&back), "foob");
}

Test(base64, what_is_none_is_refused)
{
    static const char *const cases[] = {
        "Z", "Zg=", "Zg===", "Z===", "Zm9v=", "Zm 9v", "Zg==Zg==", "Zm9v\n", "Zm-_"};

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        scoped_text struct text back = {0};

        cr_expect_not(base64_decode(cases[i], &back), "%s", cases[i]);
    }
}
