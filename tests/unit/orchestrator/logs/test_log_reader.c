/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/logs/log_reader.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/fd.h"
#include "tests/unit/orchestrator/logs/log_fixture.h"

#define scoped_writer scoped(log_writer_free)
#define scoped_reader scoped(log_reader_free)

static const struct log_limits no_limits = {0};

static void read_on(struct log_reader *reader, struct text *out)
{
    struct error err = {0};

    text_clear(out);
    cr_assert_eq(log_reader_read(reader, log_collect, out, &err), 0, "%s", err.text);
}

Test(log_reader, lines_come_back_with_their_stream_and_their_carriage_returns)
{
    scoped_fixture struct log_fixture f;
    scoped_text struct text out = {0};

    log_fixture_init(&f);
    {
        scoped_writer struct log_writer *writer = log_fixture_writer(&f, "api-1", no_limits);

        log_fixture_say(&f, writer, LOG_STDOUT, "one\r\ntwo\n\n");
        log_fixture_say(&f, writer, LOG_STDERR, "oh\n");
        log_fixture_say(&f, writer, LOG_STDOUT, "three\n");
    }
    log_fixture_read(&f, "api-1", LOG_ALL, &out);
    cr_expect_str_eq(text_get(&out), "o:one\r\no:two\no:\ne:oh\no:three\n");
}

Test(log_reader, an_unfinished_line_is_held_until_its_newline)
{
    scoped_fixture struct log_fixture f;
    scoped_text struct text out = {0};
    struct error err = {0};

    log_fixture_init(&f);
    scoped_writer struct log_writer *writer = log_fixture_writer(&f, "api-1", no_limits);
    scoped_reader struct log_reader *reader = log_fixture_reader(&f, "api-1", LOG_ALL);

    log_fixture_say(&f, writer, LOG_STDOUT, "out: ");
    log_fixture_say(&f, writer, LOG_STDERR, "err: ");
    read_on(reader, &out);
    cr_expect_str_empty(text_get(&out));
    log_fixture_say(&f, writer, LOG_STDOUT, "half\nrest");
    log_fixture_say(&f, writer, LOG_STDERR, "other\n");
    read_on(reader, &out);
    cr_expect_str_eq(text_get(&out), "o:out: half\ne:err: other\n");
    text_clear(&out);
    cr_assert_eq(log_reader_finish(reader, log_collect, &out, &err), 0);
    cr_expect_str_eq(text_get(&out), "o:rest\n");
}

Test(log_reader, an_event_ends_unfinished_lines_and_keeps_its_place)
{
    scoped_fixture struct log_fixture f;
    scoped_text struct text out = {0};
    struct error err = {0};

    log_fixture_init(&f);
    scoped_writer struct log_writer *writer = log_fixture_writer(&f, "api-1", no_limits);
    scoped_reader struct log_reader *reader = log_fixture_reader(&f, "api-1", LOG_ALL);

    log_fixture_say(&f, writer, LOG_STDOUT, "last words");
    cr_assert_eq(log_writer_event(writer, "exited with code 3\nreally", &err), 0);
    log_fixture_say(&f, writer, LOG_STDOUT, "again\n");
    read_on(reader, &out);
    cr_expect_str_eq(text_get(&out), "o:last words\n!exited with code 3 really\no:again\n");
}

Test(log_reader, a_line_has_the_time_of_the_piece_in_which_it_began)
{
    static const struct made_piece pieces[] = {
        {1000, LOG_STDOUT, "a\nb"}, {2000, LOG_STDERR, "e\n"}, {3000, LOG_STDOUT, "b\nc\n"}, {0}};
    scoped_fixture struct log_fixture f;
    scoped_text struct text out = {0};

    log_fixture_init(&f);
    log_fixture_make(&f, "x", pieces);
    log_fixture_read(&f, "x", (struct log_range){.tail = -1, .until_ns = 1999}, &out);
    cr_expect_str_eq(text_get(&out), "o:a\no:bb\n");
    text_clear(&out);
    log_fixture_read(&f, "x", (struct log_range){.tail = -1, .since_ns = 1001}, &out);
    cr_expect_str_eq(text_get(&out), "e:e\no:c\n");
    text_clear(&out);
    log_fixture_read(&f, "x", (struct log_range){.tail = -1, .since_ns = 3001}, &out);
    cr_expect_str_empty(text_get(&out));
}

Test(log_reader, two_containers_are_merged_by_time)
{
    static const struct made_piece api[] = {
        {10, LOG_STDOUT, "a1\na2\n"}, {30, LOG_STDERR, "a3\n"}, {50, LOG_STDOUT, "a5\n"}, {0}};
    static const struct made_piece db[] = {
        {20, LOG_STDOUT, "d2\n"}, {30, LOG_STDOUT, "d3\n"}, {40, LOG_STDOUT, "d4\n"}, {0}};
    scoped_fixture struct log_fixture f;
    scoped_text struct text out = {0};
    struct error err = {0};

    log_fixture_init(&f);
    log_fixture_make(&f, "api", api);
    log_fixture_make(&f, "db", db);
    scoped_reader struct log_reader *reader = log_fixture_reader(&f, "api", LOG_ALL);

    cr_assert_eq(log_reader_add(reader, "db", NULL, LOG_ALL, &err), 0);
    cr_assert_eq(log_reader_read(reader, log_collect_named, &out, &err), 0);
    cr_expect_str_eq(text_get(&out), "api o:a1\napi o:a2\ndb o:d2\napi e:a3\ndb o:d3\ndb o:d4\n"
                                     "api o:a5\n");
}

Test(log_reader, what_a_container_says_after_another_is_shown_after_it_while_following)
{
    scoped_fixture struct log_fixture f;
    scoped_text struct text out = {0}, expected = {0};
    struct error err = {0};

    log_fixture_init(&f);
    scoped_writer struct log_writer *api = log_fixture_writer(&f, "api", no_limits);
    scoped_writer struct log_writer *db = log_fixture_writer(&f, "db", no_limits);
    scoped_reader struct log_reader *reader = log_fixture_reader(&f, "api", LOG_ALL);

    cr_assert_eq(log_reader_add(reader, "db", NULL, LOG_ALL, &err), 0);
    for (int i = 0; i < 300; i++) {
        char line[32];

        (void)snprintf(line, sizeof(line), "%d\n", i);
        log_fixture_say(&f, i % 2 ? api : db, LOG_STDOUT, line);
        text_appendf(&expected, "%s o:%d\n", i % 2 ? "api" : "db", i);
        if (i % 7 == 0)
            cr_assert_eq(log_reader_read(reader, log_collect_named, &out, &err), 0);
    }
    cr_assert_eq(log_reader_finish(reader, log_collect_named, &out, &err), 0);
    cr_expect_str_eq(text_get(&out), text_get(&expected));
}

Test(log_reader, no_line_is_lost_or_repeated_when_the_log_rotates_under_it)
{
    const struct log_limits limits = {.max_bytes = 1000, .max_files = 200};
    scoped_fixture struct log_fixture f;
    scoped_text struct text out = {0}, expected = {0}, again = {0};
    struct error err = {0};

    log_fixture_init(&f);
    scoped_writer struct log_writer *writer = log_fixture_writer(&f, "api-1", limits);
    scoped_reader struct log_reader *reader = log_fixture_reader(&f, "api-1", LOG_ALL);

    for (int i = 0; i < 2000; i++) {
        char line[32];

        (void)snprintf(line, sizeof(line), "line %d\n", i);
        log_fixture_say(&f, writer, i % 3 ? LOG_STDOUT : LOG_STDERR, line);
        text_appendf(&expected, "%sline %d\n", i % 3 ? "o:" : "e:", i);
        if (i % 201 == 0)
            cr_assert_eq(log_reader_read(reader, log_collect, &out, &err), 0);
    }
    cr_assert_eq(log_reader_finish(reader, log_collect, &out, &err), 0);
    cr_expect_str_eq(text_get(&out), text_get(&expected));
    cr_expect_eq(faccessat(f.dir_fd, "api-1.log.9", R_OK, 0), 0, "it did rotate");

    log_fixture_read(&f, "api-1", LOG_ALL, &again);
    cr_expect_str_eq(text_get(&again), text_get(&expected));
}

Test(log_reader, tail_shows_the_last_lines_of_both_streams)
{
    static const struct made_piece pieces[] = {{1, LOG_STDOUT, "1\n2\nthree"},
                                               {2, LOG_STDERR, "e1\n"},
                                               {3, LOG_STDOUT, " goes on\n"},
                                               {4, LOG_EVENT, "restarted\n"},
                                               {5, LOG_STDERR, "e2\n"},
                                               {6, LOG_STDOUT, "end"},
                                               {0}};
    static const char *const expected[] = {
        "",
        "o:end\n",
        "!restarted\ne:e2\no:end\n",
        "o:three goes on\n!restarted\ne:e2\no:end\n",
        "e:e1\no:three goes on\n!restarted\ne:e2\no:end\n",
        "o:2\ne:e1\no:three goes on\n!restarted\ne:e2\no:end\n",
        "o:1\no:2\ne:e1\no:three goes on\n!restarted\ne:e2\no:end\n",
        "o:1\no:2\ne:e1\no:three goes on\n!restarted\ne:e2\no:end\n"};
    scoped_fixture struct log_fixture f;

    log_fixture_init(&f);
    log_fixture_make(&f, "x", pieces);
    for (int64_t n = 0; n < (int64_t)ARRAY_LENGTH(expected); n++) {
        scoped_text struct text out = {0};

        log_fixture_read(&f, "x", (struct log_range){.tail = n}, &out);
        cr_expect_str_eq(text_get(&out), expected[n], "tail %d", (int)n);
    }
}

Test(log_reader, tail_reaches_back_over_rotations)
{
    const struct log_limits limits = {.max_bytes = 300, .max_files = 50};
    scoped_fixture struct log_fixture f;
    scoped_text struct text expected = {0};

    log_fixture_init(&f);
    {
        scoped_writer struct log_writer *writer = log_fixture_writer(&f, "x", limits);

        for (int i = 0; i < 200; i++) {
            char line[32];

            (void)snprintf(line, sizeof(line), "%d\n", i);
            log_fixture_say(&f, writer, LOG_STDOUT, line);
        }
    }
    for (int n = 1; n <= 200; n++) {
        scoped_text struct text out = {0};
        size_t lines = 0;

        log_fixture_read(&f, "x", (struct log_range){.tail = n}, &out);
        for (size_t i = 0; i < out.length; i++)
            lines += out.data[i] == '\n';
        cr_expect_eq(lines, (size_t)n);
        text_clear(&expected);
        text_appendf(&expected, "o:%d\n", 200 - n);
        cr_expect(string_starts_with(text_get(&out), text_get(&expected)), "tail %d", n);
    }
}

Test(log_reader, a_tail_of_none_shows_only_what_comes_later)
{
    scoped_fixture struct log_fixture f;
    scoped_text struct text out = {0};
    struct error err = {0};

    log_fixture_init(&f);
    scoped_writer struct log_writer *writer = log_fixture_writer(&f, "x", no_limits);
    scoped_reader struct log_reader *reader = NULL;

    log_fixture_say(&f, writer, LOG_STDOUT, "old\n");
    reader = log_reader_new(fcntl(f.dir_fd, F_DUPFD_CLOEXEC, 3));
    cr_assert_eq(log_reader_add(reader, "x", NULL, (struct log_range){.tail = 0}, &err), 0);
    read_on(reader, &out);
    cr_expect_str_empty(text_get(&out));
    log_fixture_say(&f, writer, LOG_STDERR, "new\n");
    read_on(reader, &out);
    cr_expect_str_eq(text_get(&out), "e:new\n");
}

static bool is_readable(int fd)
{
    struct pollfd ready = {.fd = fd, .events = POLLIN};

    return poll(&ready, 1, 0) == 1;
}

Test(log_reader, the_watch_tells_of_a_log_that_appears_grows_and_rotates)
{
    const struct log_limits limits = {.max_bytes = 10, .max_files = 3};
    scoped_fixture struct log_fixture f;
    scoped_text struct text out = {0};

    log_fixture_init(&f);
    scoped_reader struct log_reader *reader = log_fixture_reader(&f, "x", LOG_ALL);
    int watch_fd = log_reader_watch_fd(reader);

    cr_expect(is_readable(watch_fd), "the first look comes at once");
    read_on(reader, &out);
    cr_expect_not(is_readable(watch_fd));
    scoped_writer struct log_writer *writer = log_fixture_writer(&f, "x", limits);

    cr_expect(is_readable(watch_fd), "it appeared");
    read_on(reader, &out);
    cr_expect_not(is_readable(watch_fd));
    log_fixture_say(&f, writer, LOG_STDOUT, "long enough\n");
    cr_expect(is_readable(watch_fd), "it grew");
    read_on(reader, &out);
    log_fixture_say(&f, writer, LOG_STDOUT, "second\n");
    cr_expect(is_readable(watch_fd), "it rotated");
    read_on(reader, &out);
    cr_expect_str_eq(text_get(&out), "o:second\n");
    read_on(reader, &out);
    log_fixture_say(&f, writer, LOG_STDOUT, "third\n");
    cr_expect(is_readable(watch_fd), "the new one grew");
    read_on(reader, &out);
    cr_expect_str_eq(text_get(&out), "o:third\n");
}

Test(log_reader, a_log_that_is_added_while_watching_is_looked_at_at_once)
{
    scoped_fixture struct log_fixture f;
    scoped_text struct text out = {0};
    struct error err = {0};

    log_fixture_init(&f);
    scoped_reader struct log_reader *reader = log_fixture_reader(&f, "x", LOG_ALL);
    int watch_fd = log_reader_watch_fd(reader);

    {
        scoped_writer struct log_writer *writer = log_fixture_writer(&f, "y", no_limits);

        log_fixture_say(&f, writer, LOG_STDOUT, "earlier\n");
    }
    read_on(reader, &out);
    cr_expect_not(is_readable(watch_fd));
    cr_assert_eq(log_reader_add(reader, "y", NULL, LOG_ALL, &err), 0);
    cr_expect(is_readable(watch_fd));
    read_on(reader, &out);
    cr_expect_str_eq(text_get(&out), "o:earlier\n");
}

Test(log_reader, a_log_that_is_removed_and_made_anew_is_followed)
{
    scoped_fixture struct log_fixture f;
    scoped_text struct text out = {0};
    struct error err = {0};

    log_fixture_init(&f);
    scoped_reader struct log_reader *reader = log_fixture_reader(&f, "x", LOG_ALL);

    for (int i = 0; i < 3; i++) {
        scoped_writer struct log_writer *writer = log_fixture_writer(&f, "x", no_limits);

        log_fixture_say(&f, writer, LOG_STDOUT, "hello\n");
        read_on(reader, &out);
        cr_expect_str_eq(text_get(&out), "o:hello\n", "round %d", i);
        cr_assert_eq(log_remove(f.dir_fd, "x", &err), 0, "%s", err.text);
    }
}

static void count_pieces(const struct log_line *line, void *context)
{
    size_t *counts = context;

    counts[0] += line->partial;
    counts[1] += !line->partial;
    counts[2] += line->length;
    cr_assert_leq(line->length, LOG_LINE_MAX);
}

Test(log_reader, a_line_of_100_megabytes_comes_in_pieces_from_little_memory)
{
    enum { MEGABYTES = 100 };
    scoped_fixture struct log_fixture f;
    struct rusage before, after;
    size_t counts[3] = {0};
    struct error err = {0};
    char *block = malloc(60000);

    log_fixture_init(&f);
    {
        scoped_writer struct log_writer *writer =
            log_fixture_writer(&f, "x", (struct log_limits){.max_bytes = 1 << 30});

        memset(block, 'x', 60000);
        block[50000] = '\0';
        for (int i = 0; i < MEGABYTES * 20; i++)
            log_fixture_say(&f, writer, LOG_STDOUT, block);
        log_fixture_say(&f, writer, LOG_STDOUT, "\nshort\n");
    }
    free(block);
    scoped_reader struct log_reader *reader = log_fixture_reader(&f, "x", LOG_ALL);

    cr_assert_eq(getrusage(RUSAGE_SELF, &before), 0);
    cr_assert_eq(log_reader_finish(reader, count_pieces, counts, &err), 0);
    cr_assert_eq(getrusage(RUSAGE_SELF, &after), 0);
    cr_expect_eq(counts[0], (size_t)MEGABYTES * 1000000 / LOG_LINE_MAX);
    cr_expect_eq(counts[1], 2);
    cr_expect_eq(counts[2], (size_t)MEGABYTES * 1000000 + strlen("short"));
    cr_expect_lt(after.ru_maxrss - before.ru_maxrss, 16 * 1024, "KiB");
}

/* Overwrites one record's bytes and reads all; whatever the index says, each byte of the log is
 * given. */
static void damage(struct log_fixture *f, uint64_t offset, uint64_t value)
{
    scoped_fd int fd = openat(f->dir_fd, "x.idx", O_WRONLY | O_CLOEXEC);

    cr_assert_eq(pwrite(fd, &value, sizeof(value), (off_t)offset), (ssize_t)sizeof(value));
}

Test(log_reader, a_damaged_index_loses_no_byte)
{
    static const struct made_piece pieces[] = {{1, LOG_STDOUT, "one\n"},
                                               {2, LOG_STDOUT, "two\n"},
                                               {3, LOG_STDOUT, "three\n"},
                                               {4, LOG_STDOUT, "four\n"},
                                               {0}};
    scoped_fixture struct log_fixture f;

    log_fixture_init(&f);
    log_fixture_make(&f, "x", pieces);
    for (uint64_t offset = 136; offset <= 136; offset -= 8) {
        scoped_text struct text out = {0}, last = {0};

        damage(&f, offset, UINT64_C(0xdeadbeef00c0ffee));
        log_fixture_read(&f, "x", LOG_ALL, &out);
        cr_expect_str_eq(text_get(&out), "o:one\no:two\no:three\no:four\n", "at %d", (int)offset);
        log_fixture_read(&f, "x", (struct log_range){.tail = 1}, &last);
        cr_expect_str_eq(text_get(&last), "o:four\n", "at %d", (int)offset);
    }
    cr_assert_eq(unlinkat(f.dir_fd, "x.idx", 0), 0);
    {
        scoped_text struct text out = {0};

        log_fixture_read(&f, "x", LOG_ALL, &out);
        cr_expect_str_eq(text_get(&out), "o:one\no:two\no:three\no:four\n");
    }
}
