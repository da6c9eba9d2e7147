/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/registry/plain_words.h"

#include <criterion/criterion.h>
#include <string.h>

static void expect_words(const char *text, const char *expected)
{
    char words[40];

    plain_words(text, strlen(text), words, sizeof(words));
    cr_expect_str_eq(words, expected);
}

Test(plain_words, plain_text_stays)
{
    expect_words("", "");
    expect_words("manifest unknown", "manifest unknown");
    expect_words("gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80",
                 "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80");
}

Test(plain_words, controls_become_one_blank)
{
    expect_words("\x1b[2Ja\r\n\t b\x7f"
                 "c",
                 "[2Ja b c");
    expect_words("a\xc2\x9b"
                 "31mb",
                 "a 31mb");
    expect_words("a\xe2\x80\xae"
                 "b\xe2\x81\xa6"
                 "c",
                 "a b c");
    expect_words("\n a \n", "a");
}

Test(plain_words, what_is_no_utf_8_is_a_question_mark)
{
    expect_words("a\xff\xc3x\xe2\x82", "a??x??");
    expect_words("\xc0\xaf", "??");
}

Test(plain_words, the_length_is_bounded)
{
    char words[10];

    plain_words("0123456789abc", 13, words, sizeof(words));
    cr_expect_str_eq(words, "012345...");
    plain_words("01234\xc3\xbc\xc3\xbc", 9, words, sizeof(words));
    cr_expect_str_eq(words, "01234...");
}
