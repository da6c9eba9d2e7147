/* SPDX-License-Identifier: Apache-2.0 */
#include "common/text.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <strings.h>

void text_done(struct text *text)
{
    free(text->data);
    *text = (struct text){0};
}

char *text_reserve(struct text *text, size_t length)
{
    size_t needed;

    if (__builtin_add_overflow(text->length, length, &needed) || needed > SIZE_MAX / 2)
        abort();
    if (needed + 1 > text->capacity) {
        size_t capacity = text->capacity ? text->capacity : 64;

        while (capacity < needed + 1)
            capacity *= 2;
        text->data = realloc(text->data, capacity);
        if (!text->data)
            abort();
        text->capacity = capacity;
        text->data[text->length] = '\0';
    }
    return text->data + text->length;
}

void text_append_bytes(struct text *text, const void *bytes, size_t length)
{
    char *place = text_reserve(text, length);

    if (length > 0)
        memcpy(place, bytes, length);
    place[length] = '\0';
    text->length += length;
}

void text_append(struct text *text, const char *more)
{
    text_append_bytes(text, more, strlen(more));
}

void text_append_char(struct text *text, char c)
{
    text_append_bytes(text, &c, 1);
}

void text_vappendf(struct text *text, const char *format, va_list args)
{
    va_list again;
    int length;
    char *place;

    va_copy(again, args);
    length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (length < 0)
        abort();
    place = text_reserve(text, (size_t)length);
    (void)vsnprintf(place, (size_t)length + 1, format, args);
    text->length += (size_t)length;
}

void text_appendf(struct text *text, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    text_vappendf(text, format, args);
    va_end(args);
}

void text_clear(struct text *text)
{
    text->length = 0;
    if (text->data)
        text->data[0] = '\0';
}

void text_cut(struct text *text, size_t length)
{
    text->length = length;
    if (text->data)
        text->data[length] = '\0';
}

char *text_steal(struct text *text)
{
    char *data;

    (void)text_reserve(text, 0);
    data = text->data;
    *text = (struct text){0};
    return data;
}

const char *text_get(const struct text *text)
{
    return text->data ? text->data : "";
}

bool string_starts_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool string_ends_with(const char *text, const char *suffix)
{
    size_t length = strlen(text), suffix_length = strlen(suffix);

    return length >= suffix_length && strcmp(text + length - suffix_length, suffix) == 0;
}

enum { SUGGEST_MAX_LENGTH = 63 };

/* Damerau's edit distance (optimal string alignment), ASCII case ignored. */
static unsigned string_distance(const char *a, const char *b)
{
    unsigned rows[3][SUGGEST_MAX_LENGTH + 2];
    size_t a_length = strlen(a), b_length = strlen(b);

    for (size_t j = 0; j <= b_length; j++)
        rows[0][j] = (unsigned)j;
    for (size_t i = 1; i <= a_length; i++) {
        unsigned *row = rows[i % 3], *above = rows[(i - 1) % 3], *above2 = rows[(i + 1) % 3];

        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b_length; j++) {
            bool same = tolower((unsigned char)a[i - 1]) == tolower((unsigned char)b[j - 1]);
            unsigned best = above[j - 1] + (same ? 0 : 1);

            if (above[j] + 1 < best)
                best = above[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                above2[j - 2] + 1 < best)
                best = above2[j - 2] + 1;
            row[j] = best;
        }
    }
    return rows[a_length % 3][b_length];
}

const char *string_suggest(const char *word, const char *const *candidates, size_t count)
{
    size_t length = strlen(word);
    unsigned best_distance = length <= 3 ? 1 : length <= 6 ? 2 : 3;
    const char *best = NULL;

    if (length == 0 || length > SUGGEST_MAX_LENGTH)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        unsigned distance;

        if (strlen(candidates[i]) > SUGGEST_MAX_LENGTH)
            continue;
        distance = string_distance(word, candidates[i]);
        if (distance < best_distance || (distance == best_distance && !best)) {
            best = candidates[i];
            best_distance = distance;
        }
    }
    return best;
}

bool string_to_u64(const char *text, unsigned long long max, unsigned long long *ret_value)
{
    unsigned long long value = 0;

    if (*text == '\0')
        return false;
    for (const char *p = text; *p; p++) {
        if (*p < '0' || *p > '9')
            return false;
        if (__builtin_mul_overflow(value, 10ULL, &value) ||
            __builtin_add_overflow(value, (unsigned long long)(*p - '0'), &value) || value > max)
            return false;
    }
    *ret_value = value;
    return true;
}

void string_from_u64(unsigned long long value, char ret_text[STRING_U64_SIZE])
{
    char digits[STRING_U64_SIZE];
    size_t n = 0;

    do {
        digits[n++] = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    while (n)
        *ret_text++ = digits[--n];
    *ret_text = '\0';
}

bool string_to_port(const char *text, size_t length, unsigned *ret_port)
{
    unsigned port = 0;

    if (length == 0)
        return false;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        port = port * 10 + (unsigned)(text[i] - '0');
        if (port > 65535)
            return false;
    }
    *ret_port = port;
    return true;
}
