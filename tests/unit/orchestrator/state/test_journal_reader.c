/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/state/journal_reader.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/file.h"
#include "tests/unit/orchestrator/state/journal_fixture.h"

static void expect_read(struct journal_reader *reader, const char *expected)
{
    scoped_text struct text codes = {0};

    codes_read(reader, &codes);
    cr_expect_str_eq(text_get(&codes), expected);
}

static void append(const struct journal_place *place, const char *text)
{
    scoped_fd int fd =
        openat(place->dir_fd, JOURNAL_FILE, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

    cr_assert_eq(fd_write_all(fd, text, strlen(text)), 0);
}

/* What a rotation does, at a size of our own. */
static void rotate(const struct journal_place *place)
{
    cr_assert_eq(renameat(place->dir_fd, JOURNAL_FILE, place->dir_fd, JOURNAL_OLD), 0);
    append(place, "");
}

static bool has_more(struct journal_reader *reader)
{
    struct pollfd polled = {.fd = journal_reader_watch_fd(reader), .events = POLLIN};

    return poll(&polled, 1, 0) == 1;
}

#define LINE(code) "{\"action\":\"die\",\"code\":" code "}\n"

Test(journal_reader, every_event_is_given_once)
{
    struct journal_place place = journal_place_new();
    struct journal_reader *reader = journal_reader_new(place.root, "p");

    expect_read(reader, "");
    append(&place, LINE("1") LINE("2"));
    expect_read(reader, "1 2");
    expect_read(reader, "");
    append(&place, LINE("3"));
    expect_read(reader, "3");
    journal_reader_free(reader);
    journal_place_free(&place);
}

Test(journal_reader, a_line_waits_until_it_is_whole)
{
    struct journal_place place = journal_place_new();
    struct journal_reader *reader = journal_reader_new(place.root, "p");

    append(&place, LINE("1") "{\"action\":\"die\",");
    expect_read(reader, "1");
    append(&place, "\"code\":2}\n" LINE("3"));
    expect_read(reader, "2 3");
    journal_reader_free(reader);
    journal_place_free(&place);
}

Test(journal_reader, a_torn_line_that_was_cut_off_and_written_over_is_not_seen)
{
    struct journal_place place = journal_place_new();
    struct journal_reader *reader = journal_reader_new(place.root, "p");
    struct journal *journal;

    append(&place, LINE("1") "{\"action\":\"die\",\"code\":99");
    expect_read(reader, "1");
    journal = journal_at(&place);
    journal_fill(journal, 2, 4);
    expect_read(reader, "2 3");
    journal_free(journal);
    journal_reader_free(reader);
    journal_place_free(&place);
}

Test(journal_reader, what_is_no_event_is_passed_over)
{
    struct journal_place place = journal_place_new();
    struct journal_reader *reader = journal_reader_new(place.root, "p");

    append(&place, "\n\n}{\n[]\nnull\n{\"action\":\"die\",\"code\":{}}\n{}\n" LINE("1"));
    expect_read(reader, "1");
    journal_reader_free(reader);
    journal_place_free(&place);
}

Test(journal_reader, a_line_that_is_too_long_is_passed_over)
{
    struct journal_place place = journal_place_new();
    struct journal_reader *reader = journal_reader_new(place.root, "p");
    scoped_text struct text line = {0};

    append(&place, LINE("1") "{\"detail\":\"");
    for (int i = 0; i < 300000; i++)
        text_append_char(&line, 'x');
    append(&place, text_get(&line));
    expect_read(reader, "1");
    append(&place, "\"}\n" LINE("2"));
    expect_read(reader, "2");
    journal_reader_free(reader);
    journal_place_free(&place);
}

Test(journal_reader, the_older_file_comes_first)
{
    struct journal_place place = journal_place_new();
    struct journal_reader *reader = journal_reader_new(place.root, "p");

    append(&place, LINE("1"));
    rotate(&place);
    append(&place, LINE("2"));
    expect_read(reader, "1 2");
    expect_read(reader, "");
    journal_reader_free(reader);
    journal_place_free(&place);
}

Test(journal_reader, rotations_are_followed)
{
    struct journal_place place = journal_place_new();
    struct journal_reader *reader = journal_reader_new(place.root, "p");

    append(&place, LINE("1"));
    expect_read(reader, "1");
    append(&place, LINE("2"));
    rotate(&place);
    append(&place, LINE("3"));
    expect_read(reader, "2 3");
    append(&place, LINE("4"));
    rotate(&place);
    append(&place, LINE("5"));
    rotate(&place);
    append(&place, LINE("6"));
    expect_read(reader, "4 5 6");
    expect_read(reader, "");
    journal_reader_free(reader);
    journal_place_free(&place);
}

Test(journal_reader, a_rotation_that_was_cut_off_loses_nothing)
{
    struct journal_place place = journal_place_new();
    struct journal_reader *reader = journal_reader_new(place.root, "p");

    append(&place, LINE("1"));
    expect_read(reader, "1");
    append(&place, LINE("2"));
    cr_assert_eq(renameat(place.dir_fd, JOURNAL_FILE, place.dir_fd, JOURNAL_OLD), 0);
    expect_read(reader, "2");
    expect_read(reader, "");
    append(&place, LINE("3"));
    expect_read(reader, "3");
    journal_reader_free(reader);
    journal_place_free(&place);
}

Test(journal_reader, the_end_of_a_project_and_the_next_one_are_followed)
{
    struct journal_place place = journal_place_new();
    struct journal_reader *reader = journal_reader_new(place.root, "p");

    append(&place, LINE("1"));
    expect_read(reader, "1");
    append(&place, LINE("2")); /* the last words before the directory goes */
    journal_place_renew(&place);
    append(&place, LINE("3"));
    expect_read(reader, "2 3");
    journal_reader_free(reader);
    journal_place_free(&place);
}

Test(journal_reader, the_watch_tells_of_all_that_comes)
{
    struct journal_place place = journal_place_new();
    struct journal_reader *reader = journal_reader_new(place.root, "p");

    cr_assert_geq(journal_reader_watch_fd(reader), 0);
    append(&place, LINE("1"));
    cr_expect(has_more(reader));
    expect_read(reader, "1");
    cr_expect_not(has_more(reader));
    rotate(&place);
    cr_expect(has_more(reader), "a rotation");
    expect_read(reader, "");
    journal_place_renew(&place);
    cr_expect(has_more(reader), "a new project");
    expect_read(reader, "");
    append(&place, LINE("2"));
    cr_expect(has_more(reader), "what the new one writes");
    expect_read(reader, "2");
    journal_reader_free(reader);
    journal_place_free(&place);
}
