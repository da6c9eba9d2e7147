/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/oci/oci_json.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { SAFE_DIGITS = 18 }; /* so many are below 2^63 in any case */

static bool has_large_number(const char *text, size_t length)
{
    size_t digits = 0;

    for (size_t i = 0; i < length && digits <= SAFE_DIGITS; i++)
        digits = isdigit((unsigned char)text[i]) ? digits + 1 : 0;
    return digits > SAFE_DIGITS;
}

/* The JSON library's integers end at 2^63-1. What is larger becomes a string of digits. */
static void quote_large_numbers(const char *text, size_t length, struct text *out)
{
    bool in_string = false;

    for (size_t i = 0; i < length;) {
        size_t digits = 0;

        while (!in_string && i + digits < length && isdigit((unsigned char)text[i + digits]))
            digits++;
        if (digits > SAFE_DIGITS && (i == 0 || !strchr("+-.eE", text[i - 1])) &&
            (i + digits == length || !strchr(".eE", text[i + digits]))) {
            text_append_char(out, '"');
            text_append_bytes(out, text + i, digits);
            text_append_char(out, '"');
            i += digits;
            continue;
        }
        if (in_string && text[i] == '\\' && i + 1 < length)
            text_append_char(out, text[i++]);
        else if (text[i] == '"')
            in_string = !in_string;
        digits = digits > 0 ? digits : 1;
        text_append_bytes(out, text + i, digits);
        i += digits;
    }
}

json_t *oci_json_parse(const char *text, size_t length, struct error *err)
{
    scoped_text struct text quoted = {0};

    if (!has_large_number(text, length))
        return json_parse(text, length, err);
    quote_large_numbers(text, length, &quoted);
    return json_parse(text_get(&quoted), quoted.length, err);
}

static const char *path_of(struct oci_reader *reader, struct oci_at at, const char *key)
{
    if (!key)
        return at.path;
    return *at.path ? arena_printf(reader->arena, "%s.%s", at.path, key) : key;
}

void oci_fail(struct oci_reader *reader, struct oci_at at, const char *key, const char *format, ...)
{
    scoped_text struct text what = {0};
    const char *path = path_of(reader, at, key);
    va_list args;

    if (reader->failed)
        return;
    va_start(args, format);
    text_vappendf(&what, format, args);
    va_end(args);
    reader->failed = true;
    if (*path)
        (void)error_set(&reader->err, "%s: %s: %s", reader->file, path, text_get(&what));
    else
        (void)error_set(&reader->err, "%s: %s", reader->file, text_get(&what));
}

void oci_warn(struct oci_reader *reader, struct oci_at at, const char *key, const char *format, ...)
{
    scoped_text struct text what = {0};
    va_list args;

    text_appendf(&what, "%s: %s: ", reader->file, path_of(reader, at, key));
    va_start(args, format);
    text_vappendf(&what, format, args);
    va_end(args);
    string_list_add(reader->arena, &reader->warnings, arena_strdup(reader->arena, what.data));
}

static const json_t *member(const struct oci_reader *reader, struct oci_at at, const char *key)
{
    const json_t *json = reader->failed ? NULL : json_object_get(at.json, key);

    return json_is_null(json) ? NULL : json;
}

struct oci_at oci_object(struct oci_reader *reader, struct oci_at at, const char *key)
{
    struct oci_at inner = {member(reader, at, key), NULL};

    inner.path = path_of(reader, at, key);
    if (!inner.json || json_is_object(inner.json))
        return inner;
    oci_fail(reader, at, key, "must be an object");
    return (struct oci_at){NULL, inner.path};
}

struct oci_at oci_array(struct oci_reader *reader, struct oci_at at, const char *key)
{
    struct oci_at inner = {member(reader, at, key), NULL};

    inner.path = path_of(reader, at, key);
    if (!inner.json || json_is_array(inner.json))
        return inner;
    oci_fail(reader, at, key, "must be an array");
    return (struct oci_at){NULL, inner.path};
}

size_t oci_length(struct oci_at at)
{
    return json_array_size(at.json);
}

struct oci_at oci_item(struct oci_reader *reader, struct oci_at at, size_t index)
{
    return (struct oci_at){json_array_get(at.json, index),
                           arena_printf(reader->arena, "%s[%zu]", at.path, index)};
}

bool oci_string(struct oci_reader *reader, struct oci_at at, const char *key, const char **place)
{
    const json_t *json = member(reader, at, key);

    if (!json)
        return false;
    if (!json_is_string(json)) {
        oci_fail(reader, at, key, "must be a string");
        return false;
    }
    *place = arena_strdup(reader->arena, json_string_value(json));
    return true;
}

const char *oci_text(struct oci_reader *reader, struct oci_at at, const char *key)
{
    const char *text = "";

    if (!oci_string(reader, at, key, &text) || !*text)
        oci_fail(reader, at, key, "is missing");
    return text;
}

bool oci_bool(struct oci_reader *reader, struct oci_at at, const char *key, bool *place)
{
    const json_t *json = member(reader, at, key);

    if (!json)
        return false;
    if (!json_is_boolean(json)) {
        oci_fail(reader, at, key, "must be true or false");
        return false;
    }
    *place = json_is_true(json);
    return true;
}

bool oci_int(struct oci_reader *reader, struct oci_at at, const char *key, int64_t *place)
{
    const json_t *json = member(reader, at, key);

    if (!json)
        return false;
    if (!json_is_integer(json)) {
        oci_fail(reader, at, key, "must be an integer");
        return false;
    }
    *place = json_integer_value(json);
    return true;
}

bool oci_u64(struct oci_reader *reader, struct oci_at at, const char *key, uint64_t *place)
{
    const json_t *json = member(reader, at, key);
    unsigned long long value = 0;

    if (!json)
        return false;
    if (json_is_integer(json) && json_integer_value(json) >= 0) {
        *place = (uint64_t)json_integer_value(json);
        return true;
    }
    if (json_is_string(json) && string_to_u64(json_string_value(json), UINT64_MAX, &value)) {
        *place = value;
        return true;
    }
    oci_fail(reader, at, key, "must be an integer from 0 to 2^64-1");
    return false;
}

bool oci_u32(struct oci_reader *reader, struct oci_at at, const char *key, uint32_t *place)
{
    int64_t value = 0;

    if (!oci_int(reader, at, key, &value))
        return false;
    if (value < 0 || value > UINT32_MAX) {
        oci_fail(reader, at, key, "must be an integer from 0 to 2^32-1");
        return false;
    }
    *place = (uint32_t)value;
    return true;
}

bool oci_strings(struct oci_reader *reader, struct oci_at at, const char *key,
                 struct string_list *place)
{
    struct oci_at list = oci_array(reader, at, key);

    for (size_t i = 0; i < oci_length(list); i++) {
        const json_t *item = json_array_get(list.json, i);

        if (!json_is_string(item)) {
            oci_fail(reader, oci_item(reader, list, i), NULL, "must be a string");
            return false;
        }
        string_list_add(reader->arena, place, arena_strdup(reader->arena, json_string_value(item)));
    }
    return list.json;
}

size_t oci_choice(struct oci_reader *reader, struct oci_at at, const char *key,
                  const char *const *words, size_t count)
{
    const char *word = oci_text(reader, at, key);

    for (size_t i = 0; i < count; i++)
        if (string_eq(words[i], word))
            return i;
    oci_fail(reader, at, key, "there is no '%s'", word);
    return 0;
}

uint64_t oci_bits(struct oci_reader *reader, struct oci_at at, const char *key,
                  const struct oci_word *words, size_t count)
{
    struct string_list names = {0};
    uint64_t bits = 0;

    (void)oci_strings(reader, at, key, &names);
    for (size_t i = 0; i < names.count; i++) {
        size_t j = 0;

        while (j < count && !string_eq(words[j].name, names.items[i]))
            j++;
        if (j == count)
            oci_fail(reader, at, key, "there is no '%s'", names.items[i]);
        else
            bits |= words[j].bits;
    }
    return bits;
}

void oci_refuse(struct oci_reader *reader, struct oci_at at, const char *key, const char *why)
{
    const json_t *json = member(reader, at, key);
    bool is_nothing = !json || json_is_false(json) ||
                      (json_is_string(json) && json_string_length(json) == 0) ||
                      (json_is_integer(json) && json_integer_value(json) == 0) ||
                      (json_is_array(json) && json_array_size(json) == 0) ||
                      (json_is_object(json) && json_object_size(json) == 0);

    if (!is_nothing)
        oci_fail(reader, at, key, "%s", why);
}

int oci_finish(const struct oci_reader *reader, struct error *err)
{
    if (reader->failed && err)
        *err = reader->err;
    return reader->failed ? -1 : 0;
}
