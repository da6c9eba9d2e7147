/* SPDX-License-Identifier: Apache-2.0 */
#include "common/units.h"

#include <criterion/criterion.h>

static void expect_duration(const char *text, int64_t ns)
{
    int64_t value = -1;

    cr_expect(duration_parse(text, &value), "%s", text);
    cr_expect_eq(value, ns, "%s is %lld", text, (long long)value);
}

Test(units, durations_add_up_their_parts)
{
    expect_duration("90s", 90000000000);
    expect_duration("1m30s", 90000000000);
    expect_duration("1.5h", 5400000000000);
    expect_duration("1d2h", 26LL * 3600 * 1000000000);
    expect_duration("250ms", 250000000);
    expect_duration("10us", 10000);
    expect_duration("0", 0);
}

Test(units, durations_need_a_unit)
{
    int64_t value;

    cr_expect_not(duration_parse("10", &value));
    cr_expect_not(duration_parse("", &value));
    cr_expect_not(duration_parse("s", &value));
    cr_expect_not(duration_parse("1x", &value));
    cr_expect_not(duration_parse("99999999999999h", &value));
}

static void expect_formatted(int64_t ns, const char *text)
{
    scoped_text struct text out = {0};

    duration_format(ns, &out);
    cr_expect_str_eq(text_get(&out), text);
}

Test(units, durations_are_printed_as_go_does)
{
    expect_formatted(90000000000, "1m30s");
    expect_formatted(26LL * 3600 * 1000000000, "26h0m0s");
    expect_formatted(1500000, "1.5ms");
    expect_formatted(1500000000, "1.5s");
    expect_formatted(0, "0s");
    expect_formatted(60000000000, "1m0s");
}

Test(units, sizes_are_base_1024_in_every_spelling)
{
    int64_t value;

    cr_expect(bytes_parse("1g", &value) && value == 1073741824);
    cr_expect(bytes_parse("1.5gb", &value) && value == 1610612736);
    cr_expect(bytes_parse("64 MiB", &value) && value == 67108864);
    cr_expect(bytes_parse("512", &value) && value == 512);
    cr_expect(bytes_parse("-1", &value) && value == -1);
    cr_expect_not(bytes_parse("1gx", &value));
    cr_expect_not(bytes_parse("g", &value));
    cr_expect_not(bytes_parse("99999999999999999999", &value));
}

static void expect_decimal(uint64_t bytes, const char *expected)
{
    scoped_text struct text out = {0};

    bytes_format_decimal(bytes, &out);
    cr_expect_str_eq(text_get(&out), expected);
}

static void expect_binary(uint64_t bytes, const char *expected)
{
    scoped_text struct text out = {0};

    bytes_format_binary(bytes, &out);
    cr_expect_str_eq(text_get(&out), expected);
}

Test(units, sizes_of_memory_have_four_digits)
{
    expect_binary(0, "0B");
    expect_binary(1023, "1023B");
    expect_binary(1024, "1KiB");
    expect_binary(2047999, "1.953MiB");
    expect_binary(16750372454, "15.6GiB");
    expect_binary(UINT64_MAX, "16EiB");
}

Test(units, sizes_of_images_have_three_digits)
{
    expect_decimal(0, "0B");
    expect_decimal(999, "999B");
    expect_decimal(1000, "1kB");
    expect_decimal(7380000, "7.38MB");
    expect_decimal(104857600, "105MB");
    expect_decimal(999499, "999kB");
    expect_decimal(999500, "1MB");
    expect_decimal(UINT64_MAX, "18.4EB");
}

static void expect_words(uint64_t seconds, const char *expected)
{
    scoped_text struct text out = {0};

    duration_format_words(seconds, &out);
    cr_expect_str_eq(text_get(&out), expected);
}

Test(units, spans_are_told_in_dockers_words)
{
    expect_words(0, "Less than a second");
    expect_words(1, "1 second");
    expect_words(59, "59 seconds");
    expect_words(60, "About a minute");
    expect_words(120, "2 minutes");
    expect_words(3600, "About an hour");
    expect_words(2 * 3600, "2 hours");
    expect_words(47 * 3600, "47 hours");
    expect_words(48 * 3600, "2 days");
    expect_words(14 * 86400, "2 weeks");
    expect_words(60 * 86400, "2 months");
    expect_words(730 * 86400, "2 years");
}

Test(units, a_rate_is_a_number_of_bits_with_a_unit)
{
    static const struct {
        const char *text;
        int64_t bits;
    } cases[] = {{"9600bit", 9600},
                 {"64kbit", 64000},
                 {"10mbit", 10000000},
                 {"1.5Gbit", 1500000000},
                 {"10", 0},
                 {"10mb", 0},
                 {"0mbit", 0},
                 {"-1mbit", 0},
                 {"mbit", 0},
                 {"99999999999999999999gbit", 0}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t bits = 0;

        cr_expect_eq(bit_rate_parse(cases[i].text, &bits), cases[i].bits > 0, "%s", cases[i].text);
        cr_expect_eq(bits, cases[i].bits, "%s", cases[i].text);
    }
}
