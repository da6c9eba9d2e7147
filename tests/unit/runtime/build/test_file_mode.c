/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/build/file_mode.h"

#include <criterion/criterion.h>

/* -1: no mode. */
static long applied(const char *text, mode_t old)
{
    mode_t mode;

    return file_mode_apply(text, old, &mode) ? (long)mode : -1;
}

Test(file_mode, a_number_is_the_mode)
{
    cr_expect_eq(applied("755", S_IFREG | 0600), 0755);
    cr_expect_eq(applied("04711", S_IFREG), 04711);
    cr_expect_eq(applied("0", S_IFREG | 0777), 0);
}

Test(file_mode, letters_change_what_is_there)
{
    cr_expect_eq(applied("u=rw,go=r", S_IFREG | 0777), 0644);
    cr_expect_eq(applied("go-w", S_IFREG | 0666), 0644);
    cr_expect_eq(applied("+x", S_IFREG | 0644), 0755);
    cr_expect_eq(applied("a=", S_IFREG | 0777), 0);
    cr_expect_eq(applied("u+s,g+s,+t", S_IFREG | 0755), 07755);
    cr_expect_eq(applied("o+s", S_IFREG | 0755), 0755);
    cr_expect_eq(applied("u=rwx-w+s", S_IFREG | 0), 04500);
    cr_expect_eq(applied("g=u", S_IFREG | 0640), 0660);
}

Test(file_mode, a_large_x_is_for_directories_and_programs)
{
    cr_expect_eq(applied("u=rwX,go=rX", S_IFREG | 0600), 0644);
    cr_expect_eq(applied("u=rwX,go=rX", S_IFREG | 0700), 0755);
    cr_expect_eq(applied("u=rwX,go=rX", S_IFDIR | 0700), 0755);
}

Test(file_mode, anything_else_is_none)
{
    const char *wrong[] = {"",      "8",     "77777", "100000", "u",     "u=rwz", "rw",
                           "u=rw,", ",u=rw", "7x",    "u rw",   "=rw=q", "a-w;",  "0x1ff"};

    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
        cr_expect_eq(applied(wrong[i], S_IFREG), -1, "'%s'", wrong[i]);
}
