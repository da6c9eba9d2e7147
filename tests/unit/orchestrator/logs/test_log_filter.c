/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/logs/log_filter.h"

#include <criterion/criterion.h>
#include <string.h>

#include "common/memory.h"

static struct log_filter *filter_new(struct log_filter_options options)
{
    struct log_filter *filter;
    struct error err = {0};

    cr_assert_eq(log_filter_new(&options, &filter, &err), 0, "%s", err.text);
    return filter;
}

static bool takes_of(struct log_filter *filter, void *owner, enum log_stream stream,
                     const char *text)
{
    struct log_line line = {.owner = owner, .stream = stream, .text = text, .length = strlen(text)};
    enum line_level level;

    return log_filter_takes(filter, &line, &level);
}

static bool takes(struct log_filter *filter, const char *text)
{
    return takes_of(filter, NULL, LOG_STDOUT, text);
}

Test(log_filter, without_wishes_takes_everything)
{
    scoped(log_filter_free) struct log_filter *filter = filter_new((struct log_filter_options){0});

    cr_expect(takes(filter, "anything"));
    cr_expect(takes(filter, ""));
}

Test(log_filter, one_of_several_expressions_is_enough)
{
    static const char *const expressions[] = {"red", "gr.en"};
    struct log_filter_options options = {.expressions = expressions, .n_expressions = 2};
    scoped(log_filter_free) struct log_filter *filter = filter_new(options);

    options.invert = true;
    scoped(log_filter_free) struct log_filter *inverted = filter_new(options);

    cr_expect(takes(filter, "a red one"));
    cr_expect(takes(filter, "a green one"));
    cr_expect_not(takes(filter, "a blue one"));
    cr_expect_not(takes(inverted, "a red one"));
    cr_expect(takes(inverted, "a blue one"));
}

Test(log_filter, a_level_takes_what_is_as_grave_or_graver)
{
    scoped(log_filter_free) struct log_filter *filter =
        filter_new((struct log_filter_options){.at_least = LEVEL_WARN});

    cr_expect(takes(filter, "WARN x"));
    cr_expect(takes(filter, "{\"level\":\"error\"}"));
    cr_expect_not(takes(filter, "level=info"));
    cr_expect_not(takes(filter, "a line that says nothing"));
}

Test(log_filter, a_trace_belongs_to_its_line_in_its_stream_and_container)
{
    scoped(log_filter_free) struct log_filter *filter =
        filter_new((struct log_filter_options){.at_least = LEVEL_ERROR});
    int api, db;

    cr_expect(takes_of(filter, &api, LOG_STDOUT, "ERROR boom"));
    cr_expect_not(takes_of(filter, &db, LOG_STDOUT, "INFO between"));
    cr_expect_not(takes_of(filter, &api, LOG_STDERR, "\tat nothing"));
    cr_expect(takes_of(filter, &api, LOG_STDOUT, "\tat Foo.bar(Foo.java:1)"));
    cr_expect(takes_of(filter, &api, LOG_STDOUT, "Caused by: X: y"));
    cr_expect_not(takes_of(filter, &db, LOG_STDOUT, "\tindented"));
    cr_expect_not(takes_of(filter, &api, LOG_STDOUT, "a new line"));
    cr_expect_not(takes_of(filter, &api, LOG_STDOUT, "\tat nothing"));
}

Test(log_filter, an_exception_is_at_least_an_error)
{
    scoped(log_filter_free) struct log_filter *filter =
        filter_new((struct log_filter_options){.at_least = LEVEL_ERROR});

    cr_expect_not(takes(filter, "INFO started"));
    cr_expect(takes(filter, "Traceback (most recent call last):"));
    cr_expect(takes(filter, "  File \"x.py\", line 1, in <module>"));
    cr_expect(takes(filter, "ValueError: x"));
}

Test(log_filter, the_first_piece_of_a_long_line_decides_for_all)
{
    static const char *const expressions[] = {"needle"};
    scoped(log_filter_free) struct log_filter *filter =
        filter_new((struct log_filter_options){.expressions = expressions, .n_expressions = 1});
    struct log_line piece = {.stream = LOG_STDOUT, .text = "needle", .length = 6, .partial = true};
    enum line_level level;

    cr_expect(log_filter_takes(filter, &piece, &level));
    cr_expect(takes(filter, "the rest"));
    cr_expect_not(takes(filter, "the next"));
}

Test(log_filter, forgets_when_it_restarts)
{
    scoped(log_filter_free) struct log_filter *filter =
        filter_new((struct log_filter_options){.at_least = LEVEL_ERROR});

    cr_expect(takes(filter, "ERROR boom"));
    log_filter_restart(filter);
    cr_expect_not(takes(filter, "\tat nothing"));
}
