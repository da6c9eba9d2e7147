/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "runtime/image/worker/parallel.h"

enum { ITEMS = 200 };

struct counted {
    atomic_int runs[ITEMS];
    size_t fails_at; /* ITEMS: none */
    atomic_bool failed;
};

static int count(void *owner, size_t index, struct error *err)
{
    struct counted *counted = owner;

    atomic_fetch_add(&counted->runs[index], 1);
    return index == counted->fails_at ? error_set(err, "item %zu", index) : 0;
}

Test(parallel, every_item_runs_once)
{
    struct counted counted = {.fails_at = ITEMS};
    const struct parallel_work work = {
        .run = count, .owner = &counted, .count = ITEMS, .max_threads = 8};

    cr_assert(eq(int, parallel_run(&work, NULL), 0));
    for (int i = 0; i < ITEMS; i++)
        cr_expect(eq(int, counted.runs[i], 1));
}

Test(parallel, the_first_error_is_returned_and_ends_the_run)
{
    struct counted counted = {.fails_at = 3};
    const struct parallel_work work = {.run = count,
                                       .owner = &counted,
                                       .count = ITEMS,
                                       .max_threads = 1,
                                       .failed = &counted.failed};
    struct error err = {0};

    cr_assert(eq(int, parallel_run(&work, &err), -1));
    cr_expect(eq(str, err.text, "item 3"));
    cr_expect(counted.failed);
    cr_expect(eq(int, counted.runs[4], 0));
}

Test(parallel, no_items_are_no_work)
{
    const struct parallel_work work = {.max_threads = 4};

    cr_expect(eq(int, parallel_run(&work, NULL), 0));
}
