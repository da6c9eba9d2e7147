/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/worker/timestamp.h"

#include <criterion/criterion.h>

Test(timestamp, texts_become_seconds)
{
    static const struct {
        const char *text;
        int64_t seconds;
    } cases[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"2026-01-01T00:00:00.123456789Z", 1767225600},
        {"2026-01-01T01:00:00+01:00", 1767225600},
        {"2025-12-31T18:30:00-05:30", 1767225600},
        {"2026-01-01", 1767225600},
    };
    int64_t seconds;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        cr_expect(timestamp_parse(cases[i].text, &seconds), "%s", cases[i].text);
        cr_expect_eq(seconds, cases[i].seconds, "%s: %lld", cases[i].text, (long long)seconds);
    }
}

Test(timestamp, what_is_no_time_is_refused)
{
    static const char *const texts[] = {"",
                                        "yesterday",
                                        "2026-01-01T00:00:00+1",
                                        "2026-01-01x",
                                        "2026-01-01T00:00:00+25:00",
                                        "2026-01-01T00:00:00+01:00x"};
    int64_t seconds;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        cr_expect_not(timestamp_parse(texts[i], &seconds), "%s", texts[i]);
}

Test(timestamp, a_moment_may_be_told_as_an_age)
{
    int64_t seconds;

    cr_assert(timestamp_parse_moment("24h", 100000, &seconds));
    cr_expect_eq(seconds, 100000 - 86400);
    cr_assert(timestamp_parse_moment("1767225600", 0, &seconds));
    cr_expect_eq(seconds, 1767225600);
    cr_assert(timestamp_parse_moment("2026-01-01", 0, &seconds));
    cr_expect_eq(seconds, 1767225600);
    cr_expect_not(timestamp_parse_moment("soon", 0, &seconds));
}

Test(timestamp, seconds_become_a_text)
{
    scoped(arena_free) struct arena *arena = arena_new();

    cr_expect_str_eq(timestamp_format(1767225600, arena), "2026-01-01T00:00:00Z");
}
