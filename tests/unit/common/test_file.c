/* SPDX-License-Identifier: Apache-2.0 */
#include "common/file.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/path.h"

Test(file, replacing_and_reading_give_the_same_bytes)
{
    char name[] = "/tmp/yawl-file-XXXXXX";
    scoped_text struct text text = {0};
    struct error err = {0};
    scoped_fd int dir_fd = -1;
    bool exists = true;

    cr_assert_not_null(mkdtemp(name));
    dir_fd = open(name, O_PATH | O_DIRECTORY | O_CLOEXEC);
    cr_expect_eq(file_read(dir_fd, "x", 100, &text, &exists, &err), 0);
    cr_expect_not(exists);
    cr_expect_eq(file_read(dir_fd, "x", 100, &text, NULL, &err), -1);

    cr_assert_eq(file_replace(dir_fd, "x", "one", 3, 0600, &err), 0, "%s", err.text);
    cr_assert_eq(file_replace(dir_fd, "x", "two2", 4, 0600, &err), 0, "%s", err.text);
    cr_expect_eq(file_read(dir_fd, "x", 100, &text, &exists, &err), 0);
    cr_expect_str_eq(text_get(&text), "two2");

    text_clear(&text);
    cr_expect_eq(file_read(dir_fd, "x", 3, &text, &exists, &err), -1, "the limit holds");
    cr_expect_eq(path_remove_tree(AT_FDCWD, name, NULL), 0);
}

Test(file, an_update_keeps_the_file_and_writes_only_what_is_new)
{
    char name[] = "/tmp/yawl-file-XXXXXX";
    scoped_text struct text text = {0};
    scoped_fd int dir_fd = -1, open_fd = -1;
    char bytes[8] = "";
    bool exists;

    cr_assert_not_null(mkdtemp(name));
    dir_fd = open(name, O_PATH | O_DIRECTORY | O_CLOEXEC);
    cr_assert_eq(file_update(dir_fd, "x", "longer", 6, 0400, NULL), 0);
    open_fd = openat(dir_fd, "x", O_RDONLY | O_CLOEXEC);
    cr_assert_eq(file_update(dir_fd, "x", "two", 3, 0400, NULL), 0);
    cr_expect_eq(pread(open_fd, bytes, sizeof(bytes), 0), 3);
    cr_expect_str_eq(bytes, "two");
    cr_assert_eq(file_read(dir_fd, "x", 100, &text, &exists, NULL), 0);
    cr_expect_str_eq(text_get(&text), "two");
    cr_expect_eq(path_remove_tree(AT_FDCWD, name, NULL), 0);
}
