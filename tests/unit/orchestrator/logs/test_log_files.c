/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/logs/log_files.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/orchestrator/logs/log_fixture.h"

/* One line per generation; the limit of one byte rotates before every line. */
static const struct log_limits one_line_each = {.max_bytes = 1, .max_files = 4};

static void say_lines(struct log_fixture *f, int first, int last)
{
    scoped(log_writer_free) struct log_writer *writer = log_fixture_writer(f, "x", one_line_each);

    for (int i = first; i <= last; i++) {
        char line[16];

        (void)snprintf(line, sizeof(line), "%d\n", i);
        log_fixture_say(f, writer, LOG_STDOUT, line);
    }
}

Test(log_files, a_rotation_keeps_the_given_number_of_files)
{
    scoped_fixture struct log_fixture f;
    scoped_text struct text out = {0};

    log_fixture_init(&f);
    say_lines(&f, 1, 9);
    log_fixture_read(&f, "x", LOG_ALL, &out);
    cr_expect_str_eq(text_get(&out), "o:6\no:7\no:8\no:9\n");
    cr_expect_eq(faccessat(f.dir_fd, "x.log.3", F_OK, 0), 0);
    cr_expect_eq(faccessat(f.dir_fd, "x.log.4", F_OK, 0), -1);
    cr_expect_eq(faccessat(f.dir_fd, "x.idx.4", F_OK, 0), -1);
}

Test(log_files, a_smaller_limit_removes_what_a_larger_one_left)
{
    scoped_fixture struct log_fixture f;
    scoped_text struct text out = {0};

    log_fixture_init(&f);
    say_lines(&f, 1, 4);
    {
        scoped(log_writer_free) struct log_writer *writer =
            log_fixture_writer(&f, "x", (struct log_limits){.max_bytes = 1, .max_files = 1});

        log_fixture_say(&f, writer, LOG_STDOUT, "5\n");
    }
    log_fixture_read(&f, "x", LOG_ALL, &out);
    cr_expect_str_eq(text_get(&out), "o:5\n");
    cr_expect_eq(faccessat(f.dir_fd, "x.log.1", F_OK, 0), -1);
    cr_expect_eq(faccessat(f.dir_fd, "x.log.3", F_OK, 0), -1);
}

Test(log_files, nothing_is_left_after_removal)
{
    static const char *const names[] = {"x.log",   "x.idx",   "x.log.1",   "x.idx.1",
                                        "x.log.3", "x.idx.3", "x.log.new", "x.idx.new"};
    scoped_fixture struct log_fixture f;
    struct error err = {0};

    log_fixture_init(&f);
    say_lines(&f, 1, 9);
    cr_assert_eq(log_remove(f.dir_fd, "x", &err), 0, "%s", err.text);
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
        cr_expect_eq(faccessat(f.dir_fd, names[i], F_OK, 0), -1, "%s", names[i]);
    cr_expect_eq(log_remove(f.dir_fd, "x", &err), 0, "again");
    cr_expect_eq(log_remove(f.dir_fd, "../x", &err), -1);
}

/* The steps of a rotation, in the order of log_files.c: a rename, or a removal where `to` is NULL.
 */
static const struct step {
    const char *from, *to;
} steps[] = {
    {"x.log.3", NULL},      {"x.idx.3", NULL},      {"x.idx.2", "x.idx.3"}, {"x.log.2", "x.log.3"},
    {"x.idx.1", "x.idx.2"}, {"x.log.1", "x.log.2"}, {"x.idx", "x.idx.1"},   {"x.log", "x.log.1"},
};

static void take_step(const struct log_fixture *f, const struct step *step)
{
    if (step->to)
        cr_assert_eq(renameat(f->dir_fd, step->from, f->dir_fd, step->to), 0, "%s", step->from);
    else
        cr_assert_eq(unlinkat(f->dir_fd, step->from, 0), 0, "%s", step->from);
}

static void killed_after(size_t n_steps)
{
    scoped_fixture struct log_fixture f;
    scoped_text struct text out = {0};
    const char *expected = n_steps == 0 ? "o:6\no:7\no:8\no:9\n" : "o:7\no:8\no:9\n";

    log_fixture_init(&f);
    say_lines(&f, 1, 9);
    cr_assert_eq(mknodat(f.dir_fd, "x.log.new", S_IFREG | 0600, 0), 0);
    for (size_t i = 0; i < n_steps; i++)
        take_step(&f, &steps[i]);

    log_fixture_read(&f, "x", LOG_ALL, &out);
    cr_expect_str_eq(text_get(&out), expected, "read after %zu steps", n_steps);

    say_lines(&f, 10, 10);
    text_clear(&out);
    log_fixture_read(&f, "x", LOG_ALL, &out);
    cr_expect_str_eq(text_get(&out), "o:7\no:8\no:9\no:10\n", "continued after %zu steps", n_steps);

    say_lines(&f, 11, 13);
    text_clear(&out);
    log_fixture_read(&f, "x", LOG_ALL, &out);
    cr_expect_str_eq(text_get(&out), "o:10\no:11\no:12\no:13\n", "later, after %zu steps", n_steps);
    cr_expect_eq(faccessat(f.dir_fd, "x.log.new", F_OK, 0), -1);
}

Test(log_files, a_rotation_that_was_killed_at_any_step_loses_and_repeats_nothing)
{
    for (size_t n_steps = 0; n_steps <= ARRAY_LENGTH(steps); n_steps++)
        killed_after(n_steps);
}

Test(log_files, a_log_without_its_new_index_yet_is_continued)
{
    scoped_fixture struct log_fixture f;
    scoped_text struct text out = {0};

    log_fixture_init(&f);
    say_lines(&f, 1, 3);
    for (size_t i = 2; i < ARRAY_LENGTH(steps); i++)
        take_step(&f, &steps[i]);
    cr_assert_eq(mknodat(f.dir_fd, "x.log", S_IFREG | 0600, 0), 0);
    log_fixture_read(&f, "x", LOG_ALL, &out);
    cr_expect_str_eq(text_get(&out), "o:1\no:2\no:3\n");
    say_lines(&f, 4, 4);
    text_clear(&out);
    log_fixture_read(&f, "x", LOG_ALL, &out);
    cr_expect_str_eq(text_get(&out), "o:1\no:2\no:3\no:4\n");
}

Test(log_files, copied_files_are_paired_by_their_numbers)
{
    static const char *const names[] = {"x.log", "x.idx", "x.log.1", "x.idx.1"};
    scoped_fixture struct log_fixture f;
    scoped_text struct text out = {0};

    log_fixture_init(&f);
    say_lines(&f, 1, 2);
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        char command[200];

        (void)snprintf(command, sizeof(command), "cd %s && cp %s copy && mv copy %s", f.path,
                       names[i], names[i]);
        cr_assert_eq(system(command), 0);
    }
    log_fixture_read(&f, "x", LOG_ALL, &out);
    cr_expect_str_eq(text_get(&out), "o:1\no:2\n");
    say_lines(&f, 3, 3);
    text_clear(&out);
    log_fixture_read(&f, "x", LOG_ALL, &out);
    cr_expect_str_eq(text_get(&out), "o:1\no:2\no:3\n");
}

Test(log_files, a_name_that_leads_elsewhere_is_refused)
{
    static const char *const bad[] = {"", ".", "..", "../x", "a/b", ".hidden"};
    struct error err;

    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++)
        cr_expect_eq(log_name_check(bad[i], &err), -1, "'%s'", bad[i]);
    cr_expect_eq(log_name_check("shop-api-1", &err), 0);
}
