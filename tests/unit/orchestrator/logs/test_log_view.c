/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/logs/log_view.h"

#include <criterion/criterion.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/text.h"

struct fixture {
    int fd;
    struct log_origin origins[2];
    struct log_view *view;
};

static void fixture_init(struct fixture *fixture, struct log_view_options options)
{
    struct error err = {0};

    *fixture = (struct fixture){
        .fd = memfd_create("out", MFD_CLOEXEC),
        .origins = {{"api-1", "api", "shop-api-1", 0, 0}, {"db-1", "db", "shop-db-1", 0, 0}}};
    options.printer.out_fd = options.printer.err_fd = fixture->fd;
    cr_assert_eq(log_view_new(&options, &fixture->view, &err), 0, "%s", err.text);
    log_view_register(fixture->view, &fixture->origins[0]);
    log_view_register(fixture->view, &fixture->origins[1]);
}

typedef void give(const struct log_line *line, void *view);

static void give_line(struct fixture *fixture, give *to, const char *text)
{
    struct log_origin *origin = &fixture->origins[strncmp(text, "db", 2) == 0];
    struct log_line line = {.name = origin->container,
                            .owner = origin,
                            .stream = *text == '!' ? LOG_EVENT : LOG_STDOUT,
                            .text = text,
                            .length = strlen(text)};

    /* The last letter is the second in which the line came. */
    line.time_ns = (uint64_t)(text[line.length - 1] - '0') * 1000000000;
    to(&line, fixture->view);
}

static void give_event(struct fixture *fixture, const char *text)
{
    const struct log_line line = {
        .owner = &fixture->origins[0], .stream = LOG_EVENT, .text = text, .length = strlen(text)};

    log_view_line(&line, fixture->view);
}

static void give_all(struct fixture *fixture, give *to, const char *const *lines)
{
    for (; *lines; lines++)
        give_line(fixture, to, *lines);
}

/* Ends the fixture. */
static void expect_shown(struct fixture *fixture, const char *expected)
{
    scoped_text struct text out = {0};

    cr_expect_eq(log_view_finish(fixture->view), 0);
    cr_assert_eq(log_view_flush(fixture->view), 0);
    cr_assert_eq(lseek(fixture->fd, 0, SEEK_SET), 0);
    cr_assert_eq(fd_read_all(fixture->fd, 1 << 20, &out, NULL), 0);
    cr_expect_str_eq(text_get(&out), expected);
    log_view_free(fixture->view);
    fd_close(fixture->fd);
}

static const char *const lines[] = {"api a 1", "db b 2",  "api X 3", "db d 4",  "api e 5",
                                    "db f 6",  "api g 7", "db X 8",  "api h 9", NULL};
static const char *const x_expression = "X";

static const struct log_filter_options find_x = {.expressions = &x_expression, .n_expressions = 1};

Test(log_view, shows_all_when_nothing_is_asked_for)
{
    struct fixture f;

    fixture_init(&f, (struct log_view_options){.printer = {.prefix = true}});
    cr_expect_not(log_view_chooses(f.view));
    give_line(&f, log_view_line, "api a 1");
    give_line(&f, log_view_line, "!exited 2");
    give_line(&f, log_view_line, "db b 3");
    expect_shown(&f, "api-1  | api a 1\ndb-1   | db b 3\n");
}

Test(log_view, shows_events_to_those_who_follow)
{
    struct fixture f;

    fixture_init(&f, (struct log_view_options){.events = true});
    give_line(&f, log_view_line, "!exited 2");
    expect_shown(&f, "api-1 !exited 2\n");
}

Test(log_view, what_is_found_has_all_lines_around_it_and_gaps_are_marked)
{
    struct fixture f;

    fixture_init(&f, (struct log_view_options){.filter = find_x, .n_before = 1, .n_after = 1});
    give_all(&f, log_view_line, lines);
    expect_shown(&f, "db b 2\napi X 3\ndb d 4\n--\napi g 7\ndb X 8\napi h 9\n");
}

Test(log_view, neighbours_that_touch_have_no_mark_between_them)
{
    struct fixture f;

    fixture_init(&f, (struct log_view_options){.filter = find_x, .n_before = 3, .n_after = 1});
    give_all(&f, log_view_line, lines);
    expect_shown(&f,
                 "api a 1\ndb b 2\napi X 3\ndb d 4\napi e 5\ndb f 6\napi g 7\ndb X 8\napi h 9\n");
}

Test(log_view, without_context_there_are_no_marks)
{
    struct fixture f;

    fixture_init(&f, (struct log_view_options){.filter = find_x});
    give_all(&f, log_view_line, lines);
    expect_shown(&f, "api X 3\ndb X 8\n");
}

Test(log_view, around_a_moment_is_what_came_before_and_after_it)
{
    struct fixture f;

    fixture_init(&f, (struct log_view_options){.around_time = true,
                                               .around_ns = UINT64_C(4500000000),
                                               .n_before = 2,
                                               .n_after = 1});
    give_all(&f, log_view_line, lines);
    expect_shown(&f, "api X 3\ndb d 4\napi e 5\ndb f 6\n");
}

Test(log_view, around_a_moment_behind_the_end_are_the_last_lines)
{
    struct fixture f;

    fixture_init(
        &f, (struct log_view_options){.around_time = true, .around_ns = UINT64_MAX, .n_before = 2});
    give_all(&f, log_view_line, lines);
    expect_shown(&f, "db X 8\napi h 9\n");
}

Test(log_view, around_an_expression_only_what_the_filter_takes_stands_beside)
{
    static const char *const api = "api";
    struct fixture f;

    fixture_init(&f, (struct log_view_options){.filter = {.expressions = &api, .n_expressions = 1},
                                               .around_expression = "db X",
                                               .n_before = 2,
                                               .n_after = 2});
    give_all(&f, log_view_line, lines);
    expect_shown(&f, "api e 5\napi g 7\ndb X 8\napi h 9\n");
}

Test(log_view, the_last_of_each_container_are_counted_first)
{
    static const char *const many[] = {"api X 1", "api X 2", "db X 3", "api y 4", "api X 5", NULL};
    struct fixture f;

    fixture_init(&f, (struct log_view_options){.filter = find_x});
    cr_expect(log_view_chooses(f.view));
    give_all(&f, log_view_count, many);
    log_view_keep_last(f.view, 2);
    give_all(&f, log_view_line, many);
    give_line(&f, log_view_line, "api X 6");
    expect_shown(&f, "api X 2\ndb X 3\napi X 5\napi X 6\n");
}

Test(log_view, json_names_service_and_container_and_finds_the_level)
{
    struct fixture f;

    fixture_init(&f, (struct log_view_options){.json = true});
    give_line(&f, log_view_line, "db level=warn 1");
    expect_shown(&f,
                 "{\"time\":\"1970-01-01T00:00:01.000000000Z\",\"service\":\"db\","
                 "\"container\":\"shop-db-1\",\"stream\":\"stdout\",\"line\":\"db level=warn 1\","
                 "\"level\":\"warn\"}\n");
}

Test(log_view, tells_everybody_that_output_is_missing)
{
    struct fixture f;

    fixture_init(&f, (struct log_view_options){0});
    give_event(&f, "lost 7 bytes of output");
    give_event(&f, "exited with code 0");
    expect_shown(&f, "api-1 lost 7 bytes of output\n");
}
