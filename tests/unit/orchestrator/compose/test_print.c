/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/compose/print.h"

#include <criterion/criterion.h>

#include "orchestrator/compose/keys.h"
#include "tests/unit/orchestrator/compose/yaml_text.h"

static const char *yaml(struct yaml_text *test, const char *text, const struct shape *shape)
{
    scoped_text struct text out = {0};

    print_yaml(yaml_text_read(test, text), shape, &out);
    return arena_strdup(test->arena, text_get(&out));
}

static const char *json(struct yaml_text *test, const char *text, const struct shape *shape)
{
    scoped_text struct text out = {0};

    print_json(yaml_text_read(test, text), shape, 0, &out);
    return arena_strdup(test->arena, text_get(&out));
}

#define EXPECT(print, text, shape, result)                                                         \
    do {                                                                                           \
        scoped_yaml_text struct yaml_text test;                                                    \
        yaml_text_init(&test);                                                                     \
        cr_expect_str_eq(print(&test, text, shape), result);                                       \
    } while (0)

Test(print, names_are_sorted_by_letters_and_by_the_value_of_their_numbers)
{
    EXPECT(yaml, "{a10: 1, a2: 1, b: 1, B: 1, a: 1, a-b: 1, a_b: 1, '1': 1}", NULL,
           "\"1\": 1\nB: 1\na: 1\na-b: 1\na_b: 1\na2: 1\na10: 1\nb: 1\n");
    EXPECT(json, "{a10: 1, a2: 1, B: 1}", NULL, "{\"B\":1,\"a10\":1,\"a2\":1}");
}

Test(print, keys_of_a_table_come_in_its_order_and_extensions_last)
{
    EXPECT(yaml, "{x-a: 1, image: i, build: {context: c}, cap_add: [X]}", &shape_service,
           "build:\n  context: c\ncap_add:\n  - X\nimage: i\nx-a: 1\n");
}

Test(print, lists_are_indented_below_their_key)
{
    EXPECT(yaml, "a: [[1, 2], {b: 1, c: 2}, [], {}]", NULL,
           "a:\n  - - 1\n    - 2\n  - b: 1\n    c: 2\n  - []\n  - {}\n");
}

Test(print, a_long_key_is_written_apart)
{
    EXPECT(yaml, "\"a\\nb\": 1", NULL, "? |-\n  a\n  b\n: 1\n");
}

Test(print, json_shows_what_is_absent_and_hides_extensions)
{
    EXPECT(json, "{image: i, x-a: 1, deploy: {}}", &shape_service,
           "{\"command\":null,\"deploy\":{\"resources\":{},\"placement\":{}},\"entrypoint\":null,"
           "\"image\":\"i\"}");
}

Test(print, json_escapes_only_what_it_must)
{
    EXPECT(json, "a: \"<&>\\n\\t\\\"\\x01\\u2028\xc3\xa9\"", NULL,
           "{\"a\":\"<&>\\n\\t\\\"\\u0001\\u2028\xc3\xa9\"}");
}

Test(print, a_yaml_text_reads_back_as_itself)
{
    static const char *const texts[] = {"a: 'x: y'\n",   "a: \"yes\"\n", "a: |2\n   x\n  y\n",
                                        "a:\n  - - 1\n", "a: \"\"\n",    "? |-\n  a\n  b\n: 1\n"};

    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++)
        EXPECT(yaml, texts[i], NULL, texts[i]);
}
