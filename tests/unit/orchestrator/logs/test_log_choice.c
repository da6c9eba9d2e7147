/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/logs/log_choice.h"

#include <criterion/criterion.h>

#include "common/process.h"

struct parsed {
    struct log_range range;
    struct log_view_options options;
};

static struct parsed parse(struct log_words words)
{
    struct parsed parsed = {0};
    struct error err = {0};

    cr_assert_eq(log_choice_parse(&words, &parsed.range, &parsed.options, &err), 0, "%s", err.text);
    return parsed;
}

static void expect_refused(struct log_words words, const char *text)
{
    struct parsed parsed = {0};
    struct error err = {0};

    cr_expect_eq(log_choice_parse(&words, &parsed.range, &parsed.options, &err), -1);
    cr_expect_not_null(strstr(err.text, text), "%s", err.text);
}

Test(log_choice, nothing_said_means_all)
{
    struct parsed parsed = parse((struct log_words){0});

    cr_expect_eq(parsed.range.tail, -1);
    cr_expect_eq(parsed.range.since_ns, 0);
    cr_expect_eq(parsed.range.until_ns, 0);
    cr_expect_eq(parsed.options.n_before, 0);
    cr_expect_not(parsed.options.around_time);
    cr_expect_null(parsed.options.around_expression);
}

Test(log_choice, tail)
{
    cr_expect_eq(parse((struct log_words){.tail = "0"}).range.tail, 0);
    cr_expect_eq(parse((struct log_words){.tail = "15"}).range.tail, 15);
    cr_expect_eq(parse((struct log_words){.tail = "all"}).range.tail, -1);
    cr_expect_eq(parse((struct log_words){.tail = "-1"}).range.tail, -1);
    expect_refused((struct log_words){.tail = "x"}, "--tail: 'x'");
    expect_refused((struct log_words){.tail = ""}, "--tail: ''");
}

Test(log_choice, times)
{
    uint64_t now_ns = clock_realtime_ns();
    struct parsed parsed =
        parse((struct log_words){.since = "10m", .until = "2026-01-31T12:00:00Z"});

    cr_expect_geq(parsed.range.since_ns, now_ns - UINT64_C(600000000000));
    cr_expect_leq(parsed.range.since_ns, clock_realtime_ns() - UINT64_C(600000000000));
    cr_expect_eq(parsed.range.until_ns, UINT64_C(1769860800000000000));
    expect_refused((struct log_words){.since = "noon"}, "--since: 'noon' is no time");
    expect_refused((struct log_words){.until = "noon"}, "--until: 'noon' is no time");
}

Test(log_choice, levels_have_names)
{
    cr_expect_eq(parse((struct log_words){.level = "warn"}).options.filter.at_least, LEVEL_WARN);
    cr_expect_eq(parse((struct log_words){.level = "WARNING"}).options.filter.at_least, LEVEL_WARN);
    cr_expect_eq(parse((struct log_words){.level = "err"}).options.filter.at_least, LEVEL_ERROR);
    expect_refused((struct log_words){.level = "e"}, "--level: 'e' is no level");
    expect_refused((struct log_words){.level = "30"}, "--level: '30' is no level");
    expect_refused((struct log_words){.level = ""}, "--level: '' is no level");
}

Test(log_choice, around_is_a_time_where_it_can_be_one)
{
    cr_expect(parse((struct log_words){.around = "5m"}).options.around_time);
    cr_expect(parse((struct log_words){.around = "2026-01-31T12:00"}).options.around_time);
    cr_expect(parse((struct log_words){.around = "1769860800"}).options.around_time);
    cr_expect_str_eq(parse((struct log_words){.around = "500"}).options.around_expression, "500");
    cr_expect_str_eq(parse((struct log_words){.around = "panic"}).options.around_expression,
                     "panic");
}

Test(log_choice, context_is_ten_lines_with_around_and_none_else)
{
    struct parsed parsed = parse((struct log_words){.around = "x"});

    cr_expect_eq(parsed.options.n_before, 10);
    cr_expect_eq(parsed.options.n_after, 10);
    parsed = parse((struct log_words){.around = "x", .after = "2"});
    cr_expect_eq(parsed.options.n_before, 0);
    cr_expect_eq(parsed.options.n_after, 2);
    parsed = parse((struct log_words){.context = "3", .before = "1"});
    cr_expect_eq(parsed.options.n_before, 1);
    cr_expect_eq(parsed.options.n_after, 3);
    expect_refused((struct log_words){.context = "many"}, "--context: 'many'");
    expect_refused((struct log_words){.before = "1000001"}, "--before-context: '1000001'");
}

Test(log_choice, invert_needs_something_to_invert)
{
    expect_refused((struct log_words){.invert = true}, "--invert");
}
