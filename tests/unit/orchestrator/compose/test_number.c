/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/compose/number.h"

#include <criterion/criterion.h>

static void expect(double value, bool single, const char *text)
{
    char buffer[NUMBER_TEXT_SIZE];

    number_format(value, single, buffer);
    cr_expect_str_eq(buffer, text);
}

Test(number, the_shortest_text_that_reads_back_is_chosen)
{
    expect(0.1, false, "0.1");
    expect(1.0, false, "1");
    expect(-2.5, false, "-2.5");
    expect(0.1f, true, "0.1");
    expect((double)0.1f, false, "0.10000000149011612");
    expect(123456789.125, false, "123456789.125");
    expect(1.7976931348623157e308, false, "1.7976931348623157e+308");
    expect(5e-324, false, "5e-324");
}

Test(number, a_single_is_rounded_before_its_digits_are_counted)
{
    expect(145891267769834301.0, true, "145891260000000000");
}

Test(number, exponents_begin_where_the_reference_begins_them)
{
    expect(1e20, false, "100000000000000000000");
    expect(1e21, false, "1e+21");
    expect(0.0001, false, "0.0001");
    expect(0.00001, false, "1e-05");
}

Test(number, integers_are_whole_texts_in_range)
{
    int64_t value;

    cr_expect(number_parse_int("-42", &value) && value == -42);
    cr_expect(number_parse_int("9223372036854775807", &value));
    cr_expect_not(number_parse_int("9223372036854775808", &value));
    cr_expect_not(number_parse_int("4x", &value));
    cr_expect_not(number_parse_int(" 4", &value));
    cr_expect_not(number_parse_int("", &value));
}

Test(number, octal_takes_both_prefixes)
{
    int64_t value;

    cr_expect(number_parse_octal("0440", &value) && value == 0440);
    cr_expect(number_parse_octal("0o440", &value) && value == 0440);
    cr_expect(number_parse_octal("440", &value) && value == 0440);
    cr_expect_not(number_parse_octal("8", &value));
    cr_expect_not(number_parse_octal("", &value));
}

Test(number, floats_are_decimal)
{
    double value;

    cr_expect(number_parse_float("0.5", &value));
    cr_expect(number_parse_float("1e3", &value));
    cr_expect_not(number_parse_float("inf", &value));
    cr_expect_not(number_parse_float("0x1p3", &value));
    cr_expect_not(number_parse_float("", &value));
}
