/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/compose/yaml_style.h"

#include <criterion/criterion.h>

static void expect(const char *value, const char *written)
{
    scoped_text struct text out = {0};

    yaml_style_write(value, 2, &out);
    cr_expect_str_eq(text_get(&out), written);
}

Test(yaml_style, text_is_plain_where_it_can_be)
{
    expect("a b", "a b");
    expect("a:b#c", "a:b#c");
    expect("-a", "-a");
    expect("https://x/y?z=1", "https://x/y?z=1");
    expect("\xc3\xa9", "\xc3\xa9");
}

Test(yaml_style, text_that_reads_as_something_else_is_in_double_quotes)
{
    expect("", "\"\"");
    expect("80", "\"80\"");
    expect("yes", "\"yes\"");
    expect("1e3", "\"1e3\"");
    expect("22:22", "\"22:22\"");
}

Test(yaml_style, indicators_are_in_single_quotes)
{
    expect("a: b", "'a: b'");
    expect("a #b", "'a #b'");
    expect("*x", "'*x'");
    expect("it's: so", "'it''s: so'");
    expect(" a", "' a'");
    expect("a:", "'a:'");
    expect("- a", "'- a'");
    expect("---", "'---'");
    expect("%x", "'%x'");
}

Test(yaml_style, what_cannot_be_seen_is_escaped)
{
    expect("a\tb", "\"a\\tb\"");
    expect("\x1b[0m", "\"\\e[0m\"");
    expect("\xf0\x9f\x98\x80", "\"\\U0001F600\"");
    expect("a\xc2\xa0", "a\xc2\xa0");
}

Test(yaml_style, lines_are_a_literal_block)
{
    expect("a\nb\n", "|\n  a\n  b");
    expect("a\nb", "|-\n  a\n  b");
    expect("a\n\n", "|+\n  a\n");
    expect("  a\nb\n", "|2\n    a\n  b");
    expect("a\n\nb\n", "|\n  a\n\n  b");
}

Test(yaml_style, lines_that_a_block_would_change_are_in_double_quotes)
{
    expect("a \nb", "\"a \\nb\"");
    expect("a\nb ", "\"a\\nb \"");
}
