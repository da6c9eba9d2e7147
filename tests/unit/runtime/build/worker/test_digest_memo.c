/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/build/worker/digest_memo.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/file.h"
#include "common/path.h"

static char folder[] = "/tmp/yawl-test-memo.XXXXXX";
static int dir_fd = -1;

static void setup(void)
{
    cr_assert(mkdtemp(folder));
    dir_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    cr_assert_eq(mkdirat(dir_fd, "build", 0700), 0);
}

static void teardown(void)
{
    close(dir_fd);
    (void)!path_remove_tree(AT_FDCWD, folder, NULL);
}

TestSuite(digest_memo, .init = setup, .fini = teardown);

static int ask(struct digest_memo *memo, const struct stat *status, char ret_hex[SHA256_HEX_SIZE])
{
    const struct memo_file file = {1, dir_fd, "file", status};

    return digest_memo_file(memo, &file, ret_hex, NULL);
}

Test(digest_memo, a_file_that_is_known_is_not_opened_again_by_later_runs_either)
{
    struct digest_memo *memo = digest_memo_new(dir_fd);
    char expected[SHA256_HEX_SIZE], hex[SHA256_HEX_SIZE];
    struct stat status;

    cr_assert_eq(file_replace(dir_fd, "file", "text", 4, 0600, NULL), 0);
    cr_assert_eq(fstatat(dir_fd, "file", &status, 0), 0);
    status.st_ctim.tv_sec -= 10; /* it is settled */
    cr_assert_eq(ask(memo, &status, hex), 0);
    sha256_hex("text", 4, expected);
    cr_expect_str_eq(hex, expected);
    cr_assert_eq(unlinkat(dir_fd, "file", 0), 0);
    cr_expect_eq(ask(memo, &status, hex), 0);
    cr_assert_eq(digest_memo_commit(memo, NULL), 0);
    digest_memo_free(memo);

    memo = digest_memo_new(dir_fd);
    cr_expect_eq(ask(memo, &status, hex), 0);
    cr_expect_str_eq(hex, expected);
    status.st_mtim.tv_nsec++;
    cr_expect_lt(ask(memo, &status, hex), 0);
    digest_memo_free(memo);
}

Test(digest_memo, a_file_that_has_just_changed_is_read_every_time)
{
    scoped(digest_memo_free) struct digest_memo *memo = digest_memo_new(dir_fd);
    char hex[SHA256_HEX_SIZE];
    struct stat status;

    cr_assert_eq(file_replace(dir_fd, "file", "text", 4, 0600, NULL), 0);
    cr_assert_eq(fstatat(dir_fd, "file", &status, 0), 0);
    cr_assert_eq(ask(memo, &status, hex), 0);
    cr_assert_eq(unlinkat(dir_fd, "file", 0), 0);
    cr_expect_lt(ask(memo, &status, hex), 0);
}

Test(digest_memo, one_that_is_damaged_is_as_good_as_none)
{
    cr_assert_eq(file_replace(dir_fd, "build/memo", "yawlmem1rubbish", 15, 0600, NULL), 0);
    digest_memo_free(digest_memo_new(dir_fd));
    cr_assert_eq(file_replace(dir_fd, "build/memo", "", 0, 0600, NULL), 0);
    digest_memo_free(digest_memo_new(dir_fd));
}
