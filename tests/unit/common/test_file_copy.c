/* SPDX-License-Identifier: Apache-2.0 */
#include "common/file_copy.h"

#include <criterion/criterion.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/fd.h"

static void expect_content(int fd, const char *expected)
{
    char bytes[64] = "";

    cr_assert(pread(fd, bytes, sizeof(bytes) - 1, 0) >= 0);
    cr_expect_str_eq(bytes, expected);
}

Test(file_copy, a_file_is_copied_from_where_it_stands)
{
    scoped_fd int source_fd = memfd_create("source", MFD_CLOEXEC);
    scoped_fd int target_fd = memfd_create("target", MFD_CLOEXEC);
    struct error err = {0};

    cr_assert(fd_write_all(source_fd, "some words", 10) == 0);
    cr_assert(lseek(source_fd, 5, SEEK_SET) == 5);
    cr_assert(file_copy(source_fd, target_fd, &err) == 0, "%s", err.text);
    expect_content(target_fd, "words");
}

Test(file_copy, a_pipe_is_copied_to_its_end)
{
    scoped_fd int target_fd = memfd_create("target", MFD_CLOEXEC);
    struct error err = {0};
    int ends[2];

    cr_assert(pipe(ends) == 0);
    cr_assert(fd_write_all(ends[1], "some words", 10) == 0);
    fd_close(ends[1]);
    cr_expect(file_copy(ends[0], target_fd, &err) == 0, "%s", err.text);
    fd_close(ends[0]);
    expect_content(target_fd, "some words");
}
