/* SPDX-License-Identifier: Apache-2.0 */
#include "common/subordinate_ids.h"

#include <criterion/criterion.h>

#include "common/text.h"

static struct subordinate_ranges parsed(const char *text)
{
    struct subordinate_ranges ranges;

    subordinate_ranges_parse(text, "alice", 1000, &ranges);
    return ranges;
}

Test(subordinate_ids, file_names_a_user_by_name_or_number)
{
    struct subordinate_ranges ranges =
        parsed("bob:100000:65536\nalice:165536:65536\n1000:300000:10\n10000:1:1\n");

    cr_assert_eq(ranges.count, 2);
    cr_expect_eq(ranges.items[0].first, 165536);
    cr_expect_eq(ranges.items[0].count, 65536);
    cr_expect_eq(ranges.items[1].first, 300000);
    cr_expect_eq(ranges.items[1].count, 10);
}

Test(subordinate_ids, getsubids_numbers_its_lines)
{
    struct subordinate_ranges ranges = parsed("0: alice 100000 65536\n1: alice 400000 1\n");

    cr_assert_eq(ranges.count, 2);
    cr_expect_eq(ranges.items[0].first, 100000);
    cr_expect_eq(ranges.items[1].first, 400000);
}

Test(subordinate_ids, what_is_no_range_is_passed_over)
{
    cr_expect_eq(parsed("").count, 0);
    cr_expect_eq(parsed("Error fetching ranges\n").count, 0);
    cr_expect_eq(parsed("alice\nalice:\nalice:1\nalice:x:1\nalice:1:x\nalice:1:1:1\n").count, 0);
    cr_expect_eq(parsed("alice:0:5\nalice:5:0\nalice:4294967290:100\n").count, 0);
    cr_expect_eq(parsed("alice:99999999999:1\n").count, 0);
}

Test(subordinate_ids, more_ranges_than_fit_are_left_out)
{
    scoped_text struct text list = {0};

    for (int i = 0; i < SUBORDINATE_RANGES_MAX + 5; i++)
        text_appendf(&list, "alice:%d:10\n", 100000 + i * 10);
    cr_expect_eq(parsed(text_get(&list)).count, SUBORDINATE_RANGES_MAX);
}
