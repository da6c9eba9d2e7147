/* SPDX-License-Identifier: Apache-2.0 */
#include "common/own_ids.h"

#include <criterion/criterion.h>

static const char users[] = "         0       1000          1\n"
                            "         1     100000      65536\n";

Test(own_ids, count_reaches_to_the_first_gap)
{
    cr_expect_eq(own_ids_count_of(users), 65537);
    cr_expect_eq(own_ids_count_of("0 1000 1\n10 100000 20\n"), 1);
    cr_expect_eq(own_ids_count_of("5 100000 5\n0 1000 5\n"), 10);
    cr_expect_eq(own_ids_count_of("1 1000 1\n"), 0);
    cr_expect_eq(own_ids_count_of(""), 0);
}

Test(own_ids, all_ids_are_as_many_as_the_kernel_says)
{
    cr_expect_eq(own_ids_count_of("         0          0 4294967295\n"), UINT32_MAX);
}

Test(own_ids, identity_keeps_to_the_lines_of_the_own_map)
{
    scoped_text struct text lines = {0};

    own_ids_identity_of(users, 65536, &lines);
    cr_expect_str_eq(text_get(&lines), "0 0 1\n1 1 65535\n");
}

Test(own_ids, identity_has_no_line_beyond_the_count)
{
    scoped_text struct text lines = {0};

    own_ids_identity_of(users, 1, &lines);
    cr_expect_str_eq(text_get(&lines), "0 0 1\n");
}

Test(own_ids, this_process_has_a_count)
{
    struct error err = {0};
    uint32_t count;

    cr_assert_eq(own_ids_count(&count, &err), 0, "%s", err.text);
    cr_expect_gt(count, 0);
}
