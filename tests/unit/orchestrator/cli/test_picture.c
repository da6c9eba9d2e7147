/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/picture.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/fd.h"

static struct text said;

static void expect_said(int screen_fd, const char *expected)
{
    text_clear(&said);
    cr_assert_eq(lseek(screen_fd, 0, SEEK_SET), 0);
    cr_assert_eq(fd_read_all(screen_fd, 1024, &said, NULL), 0);
    cr_assert_eq(ftruncate(screen_fd, 0), 0);
    cr_assert_eq(lseek(screen_fd, 0, SEEK_SET), 0);
    cr_expect_str_eq(text_get(&said), expected);
}

Test(picture, in_a_narrower_window_takes_more_rows)
{
    cr_expect_eq(picture_rows("", 80), 0);
    cr_expect_eq(picture_rows("12345678\n\n", 8), 2);
    cr_expect_eq(picture_rows("\033[31m✔2345678\033[0m9\n", 8), 2);
    cr_expect_eq(picture_rows("12345678901234567\n", 8), 3);
}

Test(picture, a_row_is_cut_between_characters)
{
    scoped_text struct text out = {0};

    picture_append_row(&out, "abc", 10);
    picture_append_row(&out, "✔✔✔✔", 3);
    cr_expect_str_eq(text_get(&out), "abc\n✔✔\n");
}

Test(picture, is_drawn_in_its_place_below_lines_that_stay)
{
    struct picture picture = {0};
    int screen_fd = memfd_create("screen", MFD_CLOEXEC);
    int stderr_fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 10);

    cr_assert(screen_fd >= 0 && stderr_fd >= 0 && dup2(screen_fd, STDERR_FILENO) >= 0);
    picture_draw(&picture, "", "one\ntwo\n");
    expect_said(screen_fd, "\r\033[Jone\ntwo\n");
    picture_print(&picture, "stays\n");
    expect_said(screen_fd, "\033[2A\r\033[Jstays\none\ntwo\n");
    picture_draw(&picture, "stays too\n", "three\n");
    expect_said(screen_fd, "\033[2A\r\033[Jstays too\nthree\n");
    picture_draw(&picture, "", "");
    expect_said(screen_fd, "\033[1A\r\033[J");
    cr_assert(dup2(stderr_fd, STDERR_FILENO) >= 0);
    picture_done(&picture);
}
