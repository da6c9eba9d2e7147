/* SPDX-License-Identifier: Apache-2.0 */
/* Reads headers, one a line. What is accepted can be written in plain form and read as the same. */
#include "tests/fuzz/fuzz.h"

#include "common/text.h"
#include "runtime/image/registry/challenge.h"

static void write_quoted(struct text *out, const char *value)
{
    text_append_char(out, '"');
    for (; *value; value++) {
        if (*value == '"' || *value == '\\')
            text_append_char(out, '\\');
        text_append_char(out, *value);
    }
    text_append_char(out, '"');
}

static void write_challenge(struct text *out, const struct challenge *challenge)
{
    text_appendf(out, "%s%s", out->length > 0 ? ", " : "", challenge->scheme);
    if (challenge->token68)
        text_appendf(out, " %s", challenge->token68);
    for (size_t i = 0; i < challenge->n_parameters; i++) {
        text_appendf(out, "%s%s=", i > 0 ? ", " : " ", challenge->parameters[i].name);
        write_quoted(out, challenge->parameters[i].value);
    }
}

static void expect_same(const struct challenge *a, const struct challenge *b)
{
    fuzz_require(string_eq(a->scheme, b->scheme) && string_eq(a->token68, b->token68));
    fuzz_require(a->n_parameters == b->n_parameters);
    for (size_t i = 0; i < a->n_parameters; i++) {
        fuzz_require(string_eq(a->parameters[i].name, b->parameters[i].name));
        fuzz_require(string_eq(a->parameters[i].value, b->parameters[i].value));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    scoped(arena_free) struct arena *arena = arena_new();
    char *text = arena_strndup(arena, (const char *)data, size);
    struct string_list headers = {0}, plain = {0};
    struct challenges read, again;
    scoped_text struct text out = {0};
    char *line, *rest = text;

    while ((line = strsep(&rest, "\n")))
        string_list_add(arena, &headers, line);
    if (challenges_parse(&headers, arena, &read, NULL) < 0)
        return 0;
    for (size_t i = 0; i < read.count; i++)
        write_challenge(&out, &read.items[i]);
    string_list_add(arena, &plain, text_get(&out));
    if (out.length > 16 * 1024)
        return 0; /* quotes made it longer than what is read */
    fuzz_require(challenges_parse(&plain, arena, &again, NULL) == 0);
    fuzz_require(again.count == read.count);
    for (size_t i = 0; i < read.count; i++)
        expect_same(&read.items[i], &again.items[i]);
    return 0;
}
