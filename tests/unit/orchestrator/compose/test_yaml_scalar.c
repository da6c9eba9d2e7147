/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/compose/yaml_scalar.h"

#include <criterion/criterion.h>

static struct node resolve(struct arena *arena, const char *text)
{
    struct node node = {0};

    yaml_scalar_resolve(arena, text, &node);
    return node;
}

static void expect_int(const char *text, int64_t value)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct node node = resolve(arena, text);

    cr_expect_eq(node.kind, NODE_INT, "%s", text);
    cr_expect_eq(node.integer, value, "%s", text);
}

static void expect_text(const char *text, const char *value)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct node node = resolve(arena, text);

    cr_expect_eq(node.kind, NODE_STRING, "%s", text);
    cr_expect_str_eq(node_text(&node), value);
}

Test(yaml_scalar, integers_have_the_bases_of_both_versions)
{
    expect_int("0", 0);
    expect_int("-17", -17);
    expect_int("+17", 17);
    expect_int("017", 15);
    expect_int("0o17", 15);
    expect_int("0x1F", 31);
    expect_int("0b101", 5);
    expect_int("12_000", 12000);
}

Test(yaml_scalar, a_leading_zero_that_is_not_octal_is_a_decimal_fraction_number)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct node node = resolve(arena, "089");

    cr_expect_eq(node.kind, NODE_FLOAT);
    cr_expect_float_eq(node.real, 89, 0);
}

Test(yaml_scalar, floats_print_without_what_they_do_not_need)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct node one = resolve(arena, "1.0"), thousand = resolve(arena, "1e3");
    struct node version = resolve(arena, "3.10");

    cr_expect_str_eq(node_scalar_text(arena, &one), "1");
    cr_expect_str_eq(node_scalar_text(arena, &thousand), "1000");
    cr_expect_str_eq(node_scalar_text(arena, &version), "3.1");
}

Test(yaml_scalar, no_digit_of_a_serial_number_is_lost)
{
    expect_text("12345678901234567890", "12345678901234567890");
    expect_text("18446744073709551615", "18446744073709551615");
}

Test(yaml_scalar, words_of_version_1_1_are_text)
{
    expect_text("yes", "yes");
    expect_text("off", "off");
    expect_text("y", "y");
    expect_text("22:22", "22:22");
    expect_text("1.2.3", "1.2.3");
    expect_text("0x", "0x");
    expect_text("-", "-");
    expect_text("1e", "1e");
}

Test(yaml_scalar, a_date_is_the_text_that_the_reference_makes_of_it)
{
    expect_text("2024-01-02", "2024-01-02 00:00:00 +0000 UTC");
    expect_text("2024-13-02", "2024-13-02");
}

Test(yaml_scalar, texts_that_any_reader_could_misread_must_be_quoted)
{
    static const char *const texts[] = {"yes", "N",    "22:22", "0x1f", "1e3",        "null",
                                        "~",   "true", ".inf",  "<<",   "2024-01-02", "-5"};

    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++)
        cr_expect_not(yaml_scalar_is_text(texts[i]), "%s", texts[i]);
    cr_expect(yaml_scalar_is_text("nothing"));
    cr_expect(yaml_scalar_is_text("8080:80"));
    cr_expect(yaml_scalar_is_text("1.2.3"));
}
