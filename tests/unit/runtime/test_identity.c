/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/identity.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/path.h"
#include "common/text.h"

enum { DIR_NAME = 64 };

static void dir_name(char ret_name[DIR_NAME])
{
    (void)snprintf(ret_name, DIR_NAME, "/tmp/yawl-identity-%d", (int)getpid());
}

static void write_file(int root_fd, const char *name, const char *text)
{
    struct error err = {0};

    cr_assert_eq(path_make_dirs(root_fd, "etc", 0755, &err), 0, "%s", err.text);
    scoped_fd int fd = openat(root_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    cr_assert_geq(fd, 0);
    cr_assert_eq(fd_write_all(fd, text, strlen(text)), 0);
}

/* An empty root. */
static int open_root(void)
{
    char name[DIR_NAME];
    struct error err = {0};

    dir_name(name);
    cr_assert_eq(path_make_dirs(AT_FDCWD, name, 0700, &err), 0, "%s", err.text);
    return open(name, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static int open_image(void)
{
    int root_fd = open_root();

    write_file(root_fd, "etc/passwd",
               "root:x:0:0:root:/root:/bin/sh\n"
               "app:x:1000:1001:App:/home/app:/bin/sh\n"
               "0x0:x:5:5::/five:/bin/sh\n"
               "1234:x:0:0::/root:/bin/sh\n"
               "huge:x:4294967296:0::/:/bin/sh\n"
               "negative:x:-1:0::/:/bin/sh\n"
               "nohome:x:77:77\n"
               "short:x\n"
               ":x:0:0::/:\n"
               "lost:x:9:9::not/absolute:/bin/sh");
    write_file(root_fd, "etc/group",
               "root:x:0:\nwheel:x:10:root,app\nappgroup:x:1001:\naudio:x:29:app,other\n"
               "huge:x:4294967296:app\n");
    return root_fd;
}

static void remove_root(void)
{
    char name[DIR_NAME];
    struct error err = {0};

    dir_name(name);
    cr_expect_eq(path_remove_tree(AT_FDCWD, name, &err), 0, "%s", err.text);
}

TestSuite(identity, .fini = remove_root, .timeout = 30);

/* "uid gid [groups] home", or the error. */
static void describe(int root_fd, const char *user, struct string_list groups, struct text *out)
{
    struct identity identity;
    struct error err = {0};

    text_clear(out);
    if (identity_find(root_fd, user, groups, &identity, &err) < 0) {
        text_append(out, err.text);
        return;
    }
    text_appendf(out, "%u %u [", identity.uid, identity.gid);
    for (uint32_t i = 0; i < identity.n_groups; i++)
        text_appendf(out, "%s%u", i ? " " : "", identity.groups[i]);
    text_appendf(out, "] %s", identity.home);
}

static const struct identity_case {
    const char *user, *expected;
} cases[] = {
    {"", "0 0 [0 10] /root"},
    {"root", "0 0 [0 10] /root"},
    {"0", "0 0 [0 10] /root"},
    {"app", "1000 1001 [1001 10 29] /home/app"},
    {"1000", "1000 1001 [1001 10 29] /home/app"},
    {"app:root", "1000 0 [0] /home/app"},
    {"app:29", "1000 29 [29] /home/app"},
    {"4242", "4242 0 [0] /"},
    {"4242:4343", "4242 4343 [4343] /"},
    {"77", "77 77 [77] /"},
    {"lost", "9 9 [9] /"},
    {":29", "0 29 [29] /root"},
    {"app:", "1000 1001 [1001 10 29] /home/app"},
    {"0x0", "5 5 [5] /five"},
    {"1234", "1234 0 [0] /"},
    {"2147483646", "2147483646 0 [0] /"},
    {"2147483647", "user id '2147483647' is not within 0-2147483646"},
    {"2147483648", "user id '2147483648' is not within 0-2147483646"},
    {"4294967296", "user id '4294967296' is not within 0-2147483646"},
    {"18446744073709551616", "user id '18446744073709551616' is not within 0-2147483646"},
    {"0:4294967295", "group id '4294967295' is not within 0-2147483646"},
    {"-1", "no user '-1' in '/etc/passwd' of the image"},
    {"+0", "no user '+0' in '/etc/passwd' of the image"},
    {" 0", "no user ' 0' in '/etc/passwd' of the image"},
    {"short", "no user 'short' in '/etc/passwd' of the image"},
    {"nobody", "no user 'nobody' in '/etc/passwd' of the image"},
    {"app:nogroup", "no group 'nogroup' in '/etc/group' of the image"},
    {"a:b:c", "user 'a:b:c' has more than one ':'"},
    {"huge", "'/etc/passwd' of the image: user id '4294967296' is not within 0-2147483646"},
    {"negative", "'/etc/passwd' of the image: user id '-1' is not within 0-2147483646"},
};

Test(identity, is_what_the_users_files_say)
{
    scoped_fd int root_fd = open_image();
    scoped_text struct text out = {0};

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        describe(root_fd, cases[i].user, (struct string_list){0}, &out);
        cr_expect_str_eq(text_get(&out), cases[i].expected, "user '%s'", cases[i].user);
    }
}

Test(identity, takes_further_groups_by_name_and_number_once_each)
{
    scoped_fd int root_fd = open_image();
    scoped_text struct text out = {0};
    const char *items[] = {"audio", "555", "audio", "29"};

    describe(root_fd, "root", (struct string_list){items, 4}, &out);
    cr_expect_str_eq(text_get(&out), "0 0 [0 10 29 555] /root");
    items[1] = "nope";
    describe(root_fd, "root", (struct string_list){items, 2}, &out);
    cr_expect_str_eq(text_get(&out), "group_add: no group 'nope' in '/etc/group' of the image");
}

Test(identity, needs_no_files_for_numbers)
{
    scoped_fd int root_fd = open_root();
    scoped_text struct text out = {0};

    describe(root_fd, "12:13", (struct string_list){0}, &out);
    cr_expect_str_eq(text_get(&out), "12 13 [13] /");
    describe(root_fd, "", (struct string_list){0}, &out);
    cr_expect_str_eq(text_get(&out), "0 0 [0] /");
    describe(root_fd, "app", (struct string_list){0}, &out);
    cr_expect_str_eq(text_get(&out), "no user 'app' in '/etc/passwd' of the image");
}

Test(identity, does_not_wait_for_a_fifo)
{
    scoped_fd int root_fd = open_image();
    scoped_text struct text out = {0};

    cr_assert_eq(unlinkat(root_fd, "etc/group", 0), 0);
    cr_assert_eq(mkfifoat(root_fd, "etc/group", 0644), 0);
    describe(root_fd, "app", (struct string_list){0}, &out);
    cr_expect_str_eq(text_get(&out), "1000 1001 [1001] /home/app");
}

Test(identity, does_not_read_the_hosts_files_through_a_link)
{
    scoped_fd int root_fd = open_root();
    scoped_text struct text out = {0};

    write_file(root_fd, "etc/x", "");
    cr_assert_eq(symlinkat("/etc/group", root_fd, "etc/passwd"), 0);
    cr_assert_eq(symlinkat("../../../../etc/passwd", root_fd, "etc/group"), 0);
    describe(root_fd, "root", (struct string_list){0}, &out);
    cr_expect_str_eq(text_get(&out), "no user 'root' in '/etc/passwd' of the image");
}

Test(identity, refuses_files_of_absurd_size)
{
    scoped_fd int root_fd = open_image();
    scoped_text struct text out = {0};
    scoped_fd int fd = openat(root_fd, "etc/group", O_WRONLY | O_CLOEXEC);

    cr_assert_eq(ftruncate(fd, 10LL << 30), 0);
    describe(root_fd, "app", (struct string_list){0}, &out);
    cr_expect_str_eq(text_get(&out), "'/etc/group' of the image: larger than 1048576 bytes");
}

Test(identity, refuses_more_groups_than_fit)
{
    scoped_fd int root_fd = open_image();
    scoped_text struct text out = {0};
    scoped_text struct text lines = {0};

    for (int i = 0; i < IDENTITY_MAX_GROUPS + 10; i++)
        text_appendf(&lines, "g%d:x:%d:app\n", i, 5000 + i);
    write_file(root_fd, "etc/group", text_get(&lines));
    describe(root_fd, "app", (struct string_list){0}, &out);
    cr_expect_str_eq(text_get(&out), "user 'app': more than 512 groups");
}

Test(identity, cuts_an_endless_home_short)
{
    scoped_fd int root_fd = open_root();
    scoped_text struct text line = {0};
    struct identity identity;
    struct error err = {0};

    text_append(&line, "app:x:1:1::/");
    for (int i = 0; i < 5000; i++)
        text_append(&line, "h");
    text_append(&line, ":/bin/sh\n");
    write_file(root_fd, "etc/passwd", text_get(&line));
    cr_assert_eq(identity_find(root_fd, "app", (struct string_list){0}, &identity, &err), 0);
    cr_expect_eq(strlen(identity.home), IDENTITY_MAX_HOME - 1);
}
