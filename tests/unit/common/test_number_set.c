/* SPDX-License-Identifier: Apache-2.0 */
#include "common/number_set.h"

#include <criterion/criterion.h>

Test(number_set, ranges_and_numbers_are_bits)
{
    struct number_set set;

    cr_assert(number_set_parse("0-2,64,8191\n", &set));
    cr_expect_eq(set.words[0], 7);
    cr_expect_eq(set.words[1], 1);
    cr_expect_eq(set.words[NUMBER_SET_WORDS - 1], 1UL << (NUMBER_SET_WORD_BITS - 1));
}

Test(number_set, nothing_is_the_empty_set)
{
    struct number_set set;

    cr_assert(number_set_parse("", &set));
    cr_expect(number_set_is_empty(&set));
    cr_assert(number_set_parse("5", &set));
    cr_expect_not(number_set_is_empty(&set));
}

Test(number_set, what_is_no_list_is_refused)
{
    static const char *const wrong[] = {"a",   "0-", "-1",   "3-1",
                                        "1 2", ",1", "8192", "0-99999999999999999999"};
    struct number_set set;

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        cr_expect_not(number_set_parse(wrong[i], &set), "%s", wrong[i]);
}

Test(number_set, a_set_is_within_one_that_has_all_of_it)
{
    struct number_set inner, outer;

    cr_assert(number_set_parse("1,70", &inner) && number_set_parse("0-80", &outer));
    cr_expect(number_set_within(&inner, &outer));
    cr_expect_not(number_set_within(&outer, &inner));
}
