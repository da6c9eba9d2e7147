/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/state/journal.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/file.h"
#include "tests/unit/orchestrator/state/journal_fixture.h"

static off_t size_of(const struct journal_place *place, const char *name)
{
    struct stat status;

    return fstatat(place->dir_fd, name, &status, 0) == 0 ? status.st_size : -1;
}

static void expect_codes(const struct journal_place *place, const char *expected)
{
    scoped(journal_reader_free) struct journal_reader *reader =
        journal_reader_new(place->root, "p");
    scoped_text struct text codes = {0};

    codes_read(reader, &codes);
    cr_expect_str_eq(text_get(&codes), expected);
}

Test(journal, nothing_is_written_before_the_flush)
{
    struct journal_place place = journal_place_new();
    struct journal *journal = journal_at(&place);
    struct error err = {0};

    journal_add(journal, &(struct event){.kind = EVENT_START, .code = 1});
    journal_add(journal, &(struct event){.kind = EVENT_DIE, .code = 2});
    cr_expect_eq(size_of(&place, JOURNAL_FILE), 0);
    cr_assert_eq(journal_flush(journal, &err), 0, "%s", err.text);
    expect_codes(&place, "1 2");
    journal_free(journal);
    journal_place_free(&place);
}

Test(journal, a_writer_goes_on_where_the_one_before_has_ended)
{
    struct journal_place place = journal_place_new();
    struct journal *journal = journal_at(&place);

    journal_fill(journal, 1, 3);
    journal_free(journal);
    journal = journal_at(&place);
    journal_fill(journal, 3, 4);
    expect_codes(&place, "1 2 3");
    journal_free(journal);
    journal_place_free(&place);
}

Test(journal, a_torn_line_is_cut_off_by_the_next_writer)
{
    struct journal_place place = journal_place_new();
    struct journal *journal = journal_at(&place);
    scoped_fd int fd = openat(place.dir_fd, JOURNAL_FILE, O_WRONLY | O_APPEND | O_CLOEXEC);

    journal_fill(journal, 1, 3);
    journal_free(journal);
    cr_assert_eq(fd_write_all(fd, "{\"action\":\"di", 13), 0);
    journal = journal_at(&place);
    journal_fill(journal, 3, 4);
    expect_codes(&place, "1 2 3");
    journal_free(journal);
    journal_place_free(&place);
}

Test(journal, a_file_of_one_torn_line_becomes_empty)
{
    struct journal_place place = journal_place_new();

    cr_assert_eq(file_replace(place.dir_fd, JOURNAL_FILE, "{\"a", 3, 0600, NULL), 0);
    journal_free(journal_at(&place));
    cr_expect_eq(size_of(&place, JOURNAL_FILE), 0);
    journal_place_free(&place);
}

Test(journal, it_keeps_below_its_size)
{
    struct journal_place place = journal_place_new();
    struct journal *journal = journal_at(&place);

    for (int round = 0; round < 50; round++) {
        for (int i = 0; i < 1000; i++)
            journal_add(journal, &(struct event){.kind = EVENT_START, .container = "p-a-1"});
        cr_assert_eq(journal_flush(journal, NULL), 0);
        cr_expect_leq(size_of(&place, JOURNAL_FILE), JOURNAL_MAX_BYTES);
        cr_expect_leq(size_of(&place, JOURNAL_OLD), JOURNAL_MAX_BYTES);
    }
    cr_expect_gt(size_of(&place, JOURNAL_OLD), JOURNAL_MAX_BYTES / 2);
    journal_free(journal);
    journal_place_free(&place);
}

Test(journal, what_the_disk_did_not_take_comes_with_the_next_flush)
{
    struct journal_place place = journal_place_new();
    struct journal *journal = journal_at(&place);
    struct rlimit limit, full;
    struct error err = {0};

    journal_fill(journal, 1, 2);
    (void)signal(SIGXFSZ, SIG_IGN);
    cr_assert_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
    full = limit;
    full.rlim_cur = (rlim_t)size_of(&place, JOURNAL_FILE) + 10; /* in the middle of the next line */
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &full), 0);
    journal_add(journal, &(struct event){.kind = EVENT_DIE, .code = 2});
    cr_expect_eq(journal_flush(journal, &err), -1);
    expect_codes(&place, "1");
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    journal_fill(journal, 3, 4);
    expect_codes(&place, "1 2 3");
    journal_free(journal);
    journal_place_free(&place);
}
