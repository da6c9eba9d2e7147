/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/plan/plan_replicas.h"

#include <criterion/criterion.h>

Test(plan_replicas, numbers_start_at_one)
{
    int numbers[3];

    plan_replicas_choose(NULL, 0, 3, numbers);
    cr_expect_eq(numbers[0], 1);
    cr_expect_eq(numbers[2], 3);
}

Test(plan_replicas, beside_obsolete_ones_get_the_lowest_free_numbers)
{
    struct replica existing[] = {{1, true}, {2, false}, {4, true}};
    int numbers[3];

    plan_replicas_choose_beside(existing, 3, 3, numbers);
    cr_expect_eq(numbers[0], 2);
    cr_expect_eq(numbers[1], 3);
    cr_expect_eq(numbers[2], 5);
    plan_replicas_choose_beside(existing, 3, 1, numbers);
    cr_expect_eq(numbers[0], 2);
}

Test(plan_replicas, the_highest_numbers_go_first)
{
    struct replica existing[] = {{3, false}, {1, false}, {2, false}};
    int numbers[2];

    plan_replicas_choose(existing, 3, 2, numbers);
    cr_expect_eq(numbers[0], 1);
    cr_expect_eq(numbers[1], 2);
}

Test(plan_replicas, obsolete_ones_go_before_high_numbers)
{
    struct replica existing[] = {{1, true}, {2, false}, {3, false}};
    int numbers[2];

    plan_replicas_choose(existing, 3, 2, numbers);
    cr_expect_eq(numbers[0], 2);
    cr_expect_eq(numbers[1], 3);
}

Test(plan_replicas, new_ones_are_numbered_above_all_that_exist)
{
    struct replica existing[] = {{2, false}, {5, false}};
    int numbers[3];

    plan_replicas_choose(existing, 2, 3, numbers);
    cr_expect_eq(numbers[0], 2);
    cr_expect_eq(numbers[1], 5);
    cr_expect_eq(numbers[2], 6);
}

Test(plan_replicas, none_may_be_wanted)
{
    struct replica existing[] = {{1, false}};

    plan_replicas_choose(existing, 1, 0, NULL);
}
