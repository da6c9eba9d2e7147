/* SPDX-License-Identifier: Apache-2.0 */
#include "common/moment.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#define S(seconds) (UINT64_C(seconds) * 1000000000)

static const uint64_t now_ns = S(1767225600); /* 2026-01-01T00:00:00Z */

static void expect(const char *text, uint64_t expected)
{
    uint64_t ns = 0;

    cr_expect(moment_parse(text, now_ns, &ns), "%s", text);
    cr_expect_eq(ns, expected, "%s is %" PRIu64 ", not %" PRIu64, text, ns, expected);
}

static void use_zone(const char *zone)
{
    cr_assert_eq(setenv("TZ", zone, 1), 0);
    tzset();
}

Test(moment, rfc_3339_with_a_zone)
{
    use_zone("America/New_York");
    expect("2026-01-31T12:00:00Z", S(1769860800));
    expect("2026-01-31t12:00:00z", S(1769860800));
    expect("2026-01-31T14:00:00+02:00", S(1769860800));
    expect("2026-01-31T06:30:00-0530", S(1769860800));
    expect("2026-01-31T12:00Z", S(1769860800));
    expect("2026-01-31T12Z", S(1769860800));
    expect("2026-01-31Z", S(1769817600));
    expect("2026-01-31 12:00:00+00:00", S(1769860800));
}

Test(moment, fractions_count_to_the_nanosecond)
{
    expect("2026-01-31T12:00:00.5Z", S(1769860800) + 500000000);
    expect("2026-01-31T12:00:00.123456789Z", S(1769860800) + 123456789);
    expect("2026-01-31T12:00:00.1234567899Z", S(1769860800) + 123456789);
}

Test(moment, without_a_zone_it_is_local_time)
{
    use_zone("UTC-2");
    expect("2026-01-31T14:00:00", S(1769860800));
    expect("2026-01-31T14:00:00.25", S(1769860800) + 250000000);
    expect("2026-01-31T14:00", S(1769860800));
    expect("2026-01-31T14", S(1769860800));
    expect("2026-02-01", S(1769896800));
}

Test(moment, seconds_since_the_epoch)
{
    expect("0", 0);
    expect("5", S(5));
    expect("1769860800", S(1769860800));
    expect("1769860800.000000042", S(1769860800) + 42);
    expect("1769860800.5", S(1769860800) + 500000000);
}

Test(moment, how_long_ago)
{
    expect("42m", now_ns - S(2520));
    expect("1h30m", now_ns - S(5400));
    expect("1.5s", now_ns - 1500000000);
    expect("2d", now_ns - S(172800));
    expect("-5m", now_ns + S(300));
    expect("100000h", now_ns - S(360000000));
    expect("2000000h", 0);
}

Test(moment, what_is_none)
{
    static const char *const texts[] = {
        "",
        "yesterday",
        "12:00",
        "2026-02-30",
        "2026-13-01",
        "2026-01-31T",
        "2026-01-31T25:00",
        "2026-01-31T12:60",
        "2026-01-31T12:00:00.",
        "2026-01-31T12:00:00+2",
        "2026-01-31T12:00:00Zulu",
        "1969-12-31T23:59:59Z",
        "9999-01-01T00:00:00Z",
        "99999999999999999999",
        "17.",
        "5x",
    };

    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
        uint64_t ns;

        cr_expect_not(moment_parse(texts[i], now_ns, &ns), "%s", texts[i]);
    }
}

Test(moment, is_written_in_utc_with_nine_digits)
{
    scoped_text struct text out = {0};

    use_zone("UTC-2");
    moment_format(S(1769860800) + 42, &out);
    cr_expect_str_eq(text_get(&out), "2026-01-31T12:00:00.000000042Z");
}
