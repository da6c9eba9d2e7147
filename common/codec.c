/* SPDX-License-Identifier: Apache-2.0 */
#include "common/codec.h"

#include <limits.h>
#include <string.h>

#include "common/text.h"

static const void *codec_place(const void *object, size_t offset)
{
    return (const char *)object + offset;
}

static json_t *codec_encode_strings(const struct string_list *list)
{
    json_t *array = NULL;

    if (list->count > 0)
        array = json_array();
    for (size_t i = 0; i < list->count; i++)
        json_array_append_new(array, json_string(list->items[i]));
    return array;
}

static json_t *codec_encode_list(const struct codec_field *field, const void *object)
{
    const char *items = *(const char *const *)codec_place(object, field->offset);
    size_t count = *(const size_t *)codec_place(object, field->count_offset);
    json_t *array = count > 0 ? json_array() : NULL;

    for (size_t i = 0; i < count; i++)
        json_array_append_new(array, codec_encode(field->table, items + i * field->item_size));
    return array;
}

/* NULL when the member is zero, NULL or empty. */
static json_t *codec_encode_field(const struct codec_field *field, const void *object)
{
    const void *place = codec_place(object, field->offset);
    json_t *nested;

    switch (field->kind) {
    case CODEC_STRING:
        return *(const char *const *)place ? json_string(*(const char *const *)place) : NULL;
    case CODEC_BOOL:
        return *(const bool *)place ? json_true() : NULL;
    case CODEC_INT:
        return *(const int *)place ? json_integer(*(const int *)place) : NULL;
    case CODEC_INT64:
        return *(const int64_t *)place ? json_integer(*(const int64_t *)place) : NULL;
    case CODEC_UINT64:
        return *(const uint64_t *)place ? json_integer((json_int_t) * (const uint64_t *)place)
                                        : NULL;
    case CODEC_DOUBLE:
        return *(const double *)place != 0 ? json_real(*(const double *)place) : NULL;
    case CODEC_STRINGS:
        return codec_encode_strings(place);
    case CODEC_STRUCT:
        nested = codec_encode(field->table, place);
        if (json_object_size(nested) > 0)
            return nested;
        json_decref(nested);
        return NULL;
    case CODEC_STRUCT_LIST:
        return codec_encode_list(field, object);
    case CODEC_END:
        break;
    }
    return NULL;
}

json_t *codec_encode(const struct codec_field *table, const void *object)
{
    json_t *json = json_object();

    for (const struct codec_field *field = table; field->kind != CODEC_END; field++) {
        json_t *value = codec_encode_field(field, object);

        /* A text that is no UTF-8 cannot be kept; our own data is checked where it enters. */
        if (value)
            json_object_set_new(json, field->name, value);
    }
    return json;
}

/*
 * Straight to text. Each returns whether there was something to write; what is written of nothing
 * is for the caller to take back.
 */

static bool codec_format_object(const struct codec_field *table, const void *object,
                                struct text *out);

/* By way of an object, what seldom occurs. One that is NULL is no UTF-8. */
static bool codec_format_json(json_t *take_json, struct text *out)
{
    scoped(json_release) json_t *json = take_json;

    if (json)
        json_format(json, out);
    return json;
}

static bool codec_format_string(const char *string, struct text *out)
{
    if (!string)
        return false;
    for (const char *at = string; *at; at++)
        if (*at < ' ' || *at > '~' || *at == '"' || *at == '\\')
            return codec_format_json(json_string(string), out);
    text_append_char(out, '"');
    text_append(out, string);
    text_append_char(out, '"');
    return true;
}

static bool codec_format_integer(int64_t number, struct text *out)
{
    if (number)
        text_appendf(out, "%lld", (long long)number);
    return number;
}

static bool codec_format_strings(const struct string_list *list, struct text *out)
{
    char before = '[';

    for (size_t i = 0; i < list->count; i++) {
        size_t length = out->length;

        text_append_char(out, before);
        if (codec_format_string(list->items[i], out))
            before = ',';
        else
            text_cut(out, length);
    }
    if (list->count > 0)
        text_append(out, before == '[' ? "[]" : "]");
    return list->count > 0;
}

static bool codec_format_list(const struct codec_field *field, const void *object, struct text *out)
{
    const char *items = *(const char *const *)codec_place(object, field->offset);
    size_t count = *(const size_t *)codec_place(object, field->count_offset);

    for (size_t i = 0; i < count; i++) {
        text_append_char(out, i ? ',' : '[');
        (void)codec_format_object(field->table, items + i * field->item_size, out);
    }
    if (count > 0)
        text_append_char(out, ']');
    return count > 0;
}

static bool codec_format_field(const struct codec_field *field, const void *object,
                               struct text *out)
{
    const void *place = codec_place(object, field->offset);

    switch (field->kind) {
    case CODEC_STRING:
        return codec_format_string(*(const char *const *)place, out);
    case CODEC_BOOL:
        text_append(out, "true");
        return *(const bool *)place;
    case CODEC_INT:
        return codec_format_integer(*(const int *)place, out);
    case CODEC_INT64:
        return codec_format_integer(*(const int64_t *)place, out);
    case CODEC_UINT64:
        return codec_format_integer((int64_t) * (const uint64_t *)place, out);
    case CODEC_DOUBLE:
        return *(const double *)place != 0 &&
               codec_format_json(json_real(*(const double *)place), out);
    case CODEC_STRINGS:
        return codec_format_strings(place, out);
    case CODEC_STRUCT:
        return codec_format_object(field->table, place, out);
    case CODEC_STRUCT_LIST:
        return codec_format_list(field, object, out);
    case CODEC_END:
        break;
    }
    return false;
}

static bool codec_format_object(const struct codec_field *table, const void *object,
                                struct text *out)
{
    char before = '{';

    for (const struct codec_field *field = table; field->kind != CODEC_END; field++) {
        size_t length = out->length;

        text_append_char(out, before);
        text_append_char(out, '"');
        text_append(out, field->name);
        text_append(out, "\":");
        if (codec_format_field(field, object, out))
            before = ',';
        else
            text_cut(out, length);
    }
    text_append(out, before == '{' ? "{}" : "}");
    return before == ',';
}

void codec_format(const struct codec_field *table, const void *object, struct text *out)
{
    (void)codec_format_object(table, object, out);
}

/*
 * Copies
 */

static void codec_copy_strings(const struct string_list *list, struct string_list *copy,
                               struct arena *arena)
{
    for (size_t i = 0; i < list->count; i++)
        string_list_add(arena, copy, arena_strdup(arena, list->items[i]));
}

static void codec_copy_list(const struct codec_field *field, const void *object, void *copy,
                            struct arena *arena)
{
    const char *items = *(const char *const *)codec_place(object, field->offset);
    size_t count = *(const size_t *)codec_place(object, field->count_offset);
    char *copies = count > 0 ? arena_array(arena, field->item_size, count) : NULL;

    for (size_t i = 0; i < count; i++)
        codec_copy(field->table, items + i * field->item_size, copies + i * field->item_size,
                   arena);
    memcpy((char *)copy + field->offset, &copies, sizeof(copies));
    memcpy((char *)copy + field->count_offset, &count, sizeof(count));
}

static void codec_copy_field(const struct codec_field *field, const void *object, void *copy,
                             struct arena *arena)
{
    const void *from = codec_place(object, field->offset);
    void *to = (char *)copy + field->offset;

    switch (field->kind) {
    case CODEC_STRING:
        *(const char **)to = arena_strdup(arena, *(const char *const *)from);
        break;
    case CODEC_BOOL:
        *(bool *)to = *(const bool *)from;
        break;
    case CODEC_INT:
        *(int *)to = *(const int *)from;
        break;
    case CODEC_INT64:
    case CODEC_UINT64:
        *(uint64_t *)to = *(const uint64_t *)from;
        break;
    case CODEC_DOUBLE:
        *(double *)to = *(const double *)from;
        break;
    case CODEC_STRINGS:
        codec_copy_strings(from, to, arena);
        break;
    case CODEC_STRUCT:
        codec_copy(field->table, from, to, arena);
        break;
    case CODEC_STRUCT_LIST:
        codec_copy_list(field, object, copy, arena);
        break;
    case CODEC_END:
        break;
    }
}

void codec_copy(const struct codec_field *table, const void *object, void *copy,
                struct arena *arena)
{
    for (const struct codec_field *field = table; field->kind != CODEC_END; field++)
        codec_copy_field(field, object, copy, arena);
}

static int codec_wrong_type(const struct codec_field *field, struct error *err)
{
    return error_set(err, "member '%s' has the wrong type", field->name);
}

static int codec_decode_strings(const struct codec_field *field, const json_t *json,
                                struct string_list *list, struct arena *arena, struct error *err)
{
    const json_t *item;
    size_t i;

    if (!json_is_array(json))
        return codec_wrong_type(field, err);
    json_array_foreach(json, i, item) {
        if (!json_is_string(item))
            return codec_wrong_type(field, err);
        string_list_add(arena, list, arena_strdup(arena, json_string_value(item)));
    }
    return 0;
}

static int codec_decode_list(const struct codec_field *field, const json_t *json, void *object,
                             struct arena *arena, struct error *err)
{
    size_t count = json_array_size(json);
    char *items;

    if (!json_is_array(json))
        return codec_wrong_type(field, err);
    items = arena_array(arena, field->item_size, count);
    for (size_t i = 0; i < count; i++)
        if (codec_decode(field->table, json_array_get(json, i), items + i * field->item_size, arena,
                         err) < 0)
            return error_wrap(err, "%s[%zu]", field->name, i);
    memcpy((char *)object + field->offset, &items, sizeof(items));
    memcpy((char *)object + field->count_offset, &count, sizeof(count));
    return 0;
}

static int codec_decode_number(const struct codec_field *field, const json_t *json, void *place,
                               struct error *err)
{
    json_int_t value = json_integer_value(json);

    if (field->kind == CODEC_DOUBLE) {
        if (!json_is_number(json))
            return codec_wrong_type(field, err);
        *(double *)place = json_number_value(json);
        return 0;
    }
    if (!json_is_integer(json))
        return codec_wrong_type(field, err);
    if (field->kind == CODEC_INT && (value < INT_MIN || value > INT_MAX))
        return error_set(err, "member '%s' is out of range", field->name);
    if (field->kind == CODEC_INT)
        *(int *)place = (int)value;
    else if (field->kind == CODEC_INT64)
        *(int64_t *)place = value;
    else
        *(uint64_t *)place = (uint64_t)value;
    return 0;
}

static int codec_decode_field(const struct codec_field *field, const json_t *json, void *object,
                              struct arena *arena, struct error *err)
{
    void *place = (char *)object + field->offset;

    switch (field->kind) {
    case CODEC_STRING:
        if (!json_is_string(json))
            return codec_wrong_type(field, err);
        *(const char **)place = arena_strdup(arena, json_string_value(json));
        return 0;
    case CODEC_BOOL:
        if (!json_is_boolean(json))
            return codec_wrong_type(field, err);
        *(bool *)place = json_is_true(json);
        return 0;
    case CODEC_STRINGS:
        return codec_decode_strings(field, json, place, arena, err);
    case CODEC_STRUCT:
        return codec_decode(field->table, json, place, arena, err);
    case CODEC_STRUCT_LIST:
        return codec_decode_list(field, json, object, arena, err);
    default:
        return codec_decode_number(field, json, place, err);
    }
}

int codec_decode(const struct codec_field *table, const json_t *json, void *object,
                 struct arena *arena, struct error *err)
{
    if (!json_is_object(json))
        return error_set(err, "no JSON object");
    for (const struct codec_field *field = table; field->kind != CODEC_END; field++) {
        const json_t *value = json_object_get(json, field->name);

        if (value && codec_decode_field(field, value, object, arena, err) < 0)
            return -1;
    }
    return 0;
}
