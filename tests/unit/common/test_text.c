/* SPDX-License-Identifier: Apache-2.0 */
#include "common/text.h"

#include <criterion/criterion.h>
#include <limits.h>
#include <string.h>

Test(text, appending_grows_and_keeps_the_terminator)
{
    scoped_text struct text text = {0};

    for (int i = 0; i < 1000; i++)
        text_appendf(&text, "%d,", i);
    cr_expect_eq(text.length, strlen(text_get(&text)));
    cr_expect(string_ends_with(text_get(&text), "999,"));
}

Test(text, stealing_leaves_it_empty)
{
    struct text text = {0};
    char *stolen;

    text_append(&text, "abc");
    stolen = text_steal(&text);
    cr_expect_str_eq(stolen, "abc");
    cr_expect_str_eq(text_get(&text), "");
    free(stolen);
}

Test(text, a_misspelt_word_suggests_the_nearest_candidate)
{
    static const char *const keys[] = {"image", "build", "init", "environment", "expose"};

    cr_expect_str_eq(string_suggest("imge", keys, 5), "image");
    cr_expect_str_eq(string_suggest("enviroment", keys, 5), "environment");
    cr_expect_str_eq(string_suggest("iamge", keys, 5), "image");
    cr_expect_null(string_suggest("zzzzzz", keys, 5));
    cr_expect_null(string_suggest("", keys, 5));
}

Test(text, numbers_are_whole_and_bounded)
{
    unsigned long long value = 7;

    cr_expect(string_to_u64("65535", 65535, &value));
    cr_expect_eq(value, 65535);
    cr_expect_not(string_to_u64("65536", 65535, &value));
    cr_expect_not(string_to_u64("", 10, &value));
    cr_expect_not(string_to_u64("1x", 10, &value));
    cr_expect_not(string_to_u64("99999999999999999999999", ~0ULL, &value));
}

Test(text, a_port_is_a_number_up_to_65535)
{
    unsigned port = 1;

    cr_expect(string_to_port("65535/tcp", 5, &port));
    cr_expect_eq(port, 65535);
    cr_expect(string_to_port("00080", 5, &port));
    cr_expect_eq(port, 80);
    cr_expect_not(string_to_port("65536", 5, &port));
    cr_expect_not(string_to_port("99999999999999", 14, &port));
    cr_expect_not(string_to_port("8a", 2, &port));
    cr_expect_not(string_to_port("", 0, &port));
}

Test(text, numbers_become_text_without_being_allocated)
{
    char text[STRING_U64_SIZE];

    string_from_u64(0, text);
    cr_expect_str_eq(text, "0");
    string_from_u64(1700, text);
    cr_expect_str_eq(text, "1700");
    string_from_u64(ULLONG_MAX, text);
    cr_expect_str_eq(text, "18446744073709551615");
}
