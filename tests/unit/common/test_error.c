/* SPDX-License-Identifier: Apache-2.0 */
#include "common/error.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

Test(error, wrapping_puts_the_context_in_front)
{
    struct error err = {0};

    cr_expect_eq(error_set(&err, "open '%s'", "x"), -1);
    (void)error_wrap(&err, "start '%s'", "api");
    cr_expect_str_eq(err.text, "start 'api': open 'x'");
}

Test(error, a_system_error_keeps_its_number_and_adds_its_text)
{
    struct error err = {0};

    errno = ENOENT;
    (void)error_sys(&err, "open 'x'");
    cr_expect_eq(err.number, ENOENT);
    cr_expect_str_eq(err.text, "open 'x': No such file or directory");
}

Test(error, a_long_text_is_cut_and_not_overrun)
{
    struct error err = {0};
    char longer[3000];

    memset(longer, 'a', sizeof(longer));
    longer[sizeof(longer) - 1] = '\0';
    (void)error_set(&err, "%s", longer);
    (void)error_wrap(&err, "%s", longer);
    cr_expect_eq(strlen(err.text), sizeof(err.text) - 1);
}

Test(error, nothing_is_kept_when_nobody_asks)
{
    cr_expect_eq(error_set(NULL, "x"), -1);
    cr_expect_eq(error_wrap(NULL, "x"), -1);
}
