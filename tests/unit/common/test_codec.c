/* SPDX-License-Identifier: Apache-2.0 */
#include "common/codec.h"

#include <criterion/criterion.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "common/text.h"

struct item {
    const char *name;
    int number;
};

static const struct codec_field item_codec[] = {
    CODEC_FIELD(struct item, name, CODEC_STRING),
    CODEC_FIELD(struct item, number, CODEC_INT),
    {0},
};

struct sample {
    const char *text;
    bool flag;
    int64_t large;
    uint64_t unsigned_large;
    double real;
    struct string_list words;
    struct item inner;
    struct item *items;
    size_t n_items;
};

static const struct codec_field sample_codec[] = {
    CODEC_FIELD(struct sample, text, CODEC_STRING),
    CODEC_FIELD(struct sample, flag, CODEC_BOOL),
    CODEC_FIELD(struct sample, large, CODEC_INT64),
    CODEC_FIELD(struct sample, unsigned_large, CODEC_UINT64),
    CODEC_FIELD(struct sample, real, CODEC_DOUBLE),
    CODEC_FIELD(struct sample, words, CODEC_STRINGS),
    CODEC_NESTED(struct sample, inner, item_codec),
    CODEC_LIST(struct sample, items, n_items, item_codec),
    {0},
};

Test(codec, what_is_encoded_decodes_to_the_same)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct item items[] = {{"a", 1}, {"b", -2}};
    struct sample in = {.text = "t",
                        .flag = true,
                        .large = -5000000000,
                        .unsigned_large = 7,
                        .real = 0.5,
                        .inner = {"in", 3},
                        .items = items,
                        .n_items = 2};
    struct sample out = {0};
    struct error err = {0};
    scoped(json_release) json_t *json = NULL;

    string_list_add(arena, &in.words, "w1");
    string_list_add(arena, &in.words, "w2");
    json = codec_encode(sample_codec, &in);

    cr_assert_eq(codec_decode(sample_codec, json, &out, arena, &err), 0, "%s", err.text);
    cr_expect_str_eq(out.text, "t");
    cr_expect(out.flag);
    cr_expect_eq(out.large, in.large);
    cr_expect_eq(out.unsigned_large, 7);
    cr_expect_float_eq(out.real, 0.5, 1e-9);
    cr_expect_eq(out.words.count, 2);
    cr_expect_str_eq(out.words.items[1], "w2");
    cr_expect_null(out.words.items[2]);
    cr_expect_str_eq(out.inner.name, "in");
    cr_expect_eq(out.n_items, 2);
    cr_expect_eq(out.items[1].number, -2);
}

Test(codec, a_copy_is_the_same_and_stands_on_its_own)
{
    scoped(arena_free) struct arena *arena = arena_new();
    scoped_text struct text before = {0}, after = {0};
    char text[] = "t", word[] = "w1", name[] = "a", inner[] = "in";
    struct item items[] = {{name, 1}, {NULL, -2}};
    struct sample in = {.text = text,
                        .flag = true,
                        .large = -5000000000,
                        .unsigned_large = UINT64_MAX,
                        .real = 0.5,
                        .inner = {inner, 3},
                        .items = items,
                        .n_items = 2};
    struct sample out = {0};

    string_list_add(arena, &in.words, word);
    codec_format(sample_codec, &in, &before);
    codec_copy(sample_codec, &in, &out, arena);
    text[0] = word[0] = name[0] = inner[0] = '?';
    items[0].number = items[1].number = 0;
    codec_format(sample_codec, &out, &after);
    cr_expect_str_eq(text_get(&after), text_get(&before));
    cr_expect_null(out.items[1].name);
    cr_expect_null(out.words.items[1], "a list ends with NULL");
}

Test(codec, a_copy_of_nothing_is_nothing)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct sample in = {0}, out = {0}, nothing = {0};

    codec_copy(sample_codec, &in, &out, arena);
    cr_expect_arr_eq((const char *)&out, (const char *)&nothing, sizeof(out));
}

Test(codec, empty_members_are_left_out)
{
    struct sample in = {0};
    scoped(json_release) json_t *json = codec_encode(sample_codec, &in);

    cr_expect_eq(json_object_size(json), 0);
}

Test(codec, a_wrong_type_is_an_error_that_names_the_member)
{
    scoped(arena_free) struct arena *arena = arena_new();
    const char *text = "{\"items\":[{\"name\":3}]}";
    scoped(json_release) json_t *json = json_parse(text, strlen(text), NULL);
    struct sample out = {0};
    struct error err = {0};

    cr_expect_eq(codec_decode(sample_codec, json, &out, arena, &err), -1);
    cr_expect_str_eq(err.text, "items[0]: member 'name' has the wrong type");
}

/* Both ways make the same text. */
static void expect_same(const struct sample *in)
{
    scoped(json_release) json_t *json = codec_encode(sample_codec, in);
    scoped_text struct text by_object = {0}, direct = {0};

    json_format(json, &by_object);
    codec_format(sample_codec, in, &direct);
    cr_expect_str_eq(direct.data, by_object.data);
    cr_expect_eq(direct.length, by_object.length);
}

Test(codec, text_is_that_of_the_object)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct item items[] = {{"a", 1}, {NULL, 0}, {"b", -2}};
    struct sample in = {.text = "t",
                        .flag = true,
                        .large = INT64_MIN,
                        .unsigned_large = UINT64_MAX,
                        .real = 0.1,
                        .inner = {NULL, 3},
                        .items = items,
                        .n_items = 3};

    string_list_add(arena, &in.words, "w1");
    string_list_add(arena, &in.words, "");
    expect_same(&in);
    in.flag = false;
    in.inner.number = 0;
    expect_same(&in);
    expect_same(&(struct sample){0});
    expect_same(&(struct sample){.real = -1e300});
    expect_same(&(struct sample){.items = items, .n_items = 1});
}

Test(codec, text_has_every_character_as_the_object_has_it)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct sample in = {0};
    char text[] = "a?b";

    for (int c = 1; c < 256; c++) {
        text[1] = (char)c; /* from 128 on no UTF-8: left out */
        in.text = text;
        expect_same(&in);
    }
    in.text = "\xc3\xa4 \xe2\x82\xac \xf0\x9f\x90\xb3";
    string_list_add(arena, &in.words, "\xff");
    expect_same(&in);
    string_list_add(arena, &in.words, "\n\"\\");
    string_list_add(arena, &in.words, "\xff");
    expect_same(&in);
}
