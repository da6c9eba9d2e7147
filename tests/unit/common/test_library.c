/* SPDX-License-Identifier: Apache-2.0 */
#include "common/library.h"

#include <criterion/criterion.h>
#include <math.h>

/* libm is there wherever libc is. */
#define MATH_FUNCTIONS(X) X(floor) X(pow)

struct math {
    MATH_FUNCTIONS(LIBRARY_POINTER)
};

static const char *const math_names[] = {MATH_FUNCTIONS(LIBRARY_NAME)};

Test(library, its_functions_are_called_by_the_table)
{
    struct error err = {0};
    struct math math;

    cr_assert(library_load("libm.so.6", math_names, ARRAY_LENGTH(math_names), &math, &err) == 0,
              "%s", err.text);
    cr_expect_eq((int)math.pow(2, 10), 1024);
    cr_expect_eq((int)math.floor(2.5), 2);
}

Test(library, one_that_is_not_there_is_named)
{
    struct error err = {0};
    struct math math;

    cr_expect(library_load("libnothing.so.7", math_names, 1, &math, &err) < 0);
    cr_expect(strstr(err.text, "load library 'libnothing.so.7': "), "%s", err.text);
}

Test(library, a_function_that_it_lacks_is_named)
{
    static const char *const names[] = {"floor", "no_such_function"};
    struct error err = {0};
    void *table[2];

    cr_expect(library_load("libm.so.6", names, 2, table, &err) < 0);
    cr_expect_str_eq(err.text, "library 'libm.so.6' has no function 'no_such_function'");
}
