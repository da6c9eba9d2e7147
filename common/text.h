/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growing piece of text, and small questions about strings.
 */
#ifndef YAWL_COMMON_TEXT_H
#define YAWL_COMMON_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "common/cleanup.h"

/* Owned by whoever declares it: `scoped_text struct text out = {0};`. data is NUL-terminated or
 * NULL. */
struct text {
    char *data;
    size_t length;
    size_t capacity;
};

void text_done(struct text *text);
#define scoped_text __attribute__((cleanup(text_done), unused))

void text_append(struct text *text, const char *more);
void text_append_bytes(struct text *text, const void *bytes, size_t length);
void text_append_char(struct text *text, char c);
void text_appendf(struct text *text, const char *format, ...) PRINTF_LIKE(2, 3);
void text_vappendf(struct text *text, const char *format, va_list args) PRINTF_LIKE(2, 0);

/* Forgets the content, keeps the memory. */
void text_clear(struct text *text);

/* Forgets all but the first `length` bytes of what there is. */
void text_cut(struct text *text, size_t length);

/* Makes room for `length` more bytes and returns where they go; the caller then adds to
 * text->length. */
char *text_reserve(struct text *text, size_t length);

/* Hands the string over to the caller, who frees it; "" when nothing was appended. */
char *text_steal(struct text *text);

/* The string so far, never NULL. */
const char *text_get(const struct text *text);

static inline bool string_eq(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

bool string_starts_with(const char *text, const char *prefix);
bool string_ends_with(const char *text, const char *suffix);

/* The candidate nearest to `word` by edit distance, or NULL when none is near enough to suggest. */
const char *string_suggest(const char *word, const char *const *candidates, size_t count);

/* Decimal digits only, whole string, within [0, max]; false otherwise. */
bool string_to_u64(const char *text, unsigned long long max, unsigned long long *ret_value);

/* The way back: decimal. Allocates nothing, so that it may run between clone3() and execve(). */
enum { STRING_U64_SIZE = 21 };
void string_from_u64(unsigned long long value, char ret_text[STRING_U64_SIZE]);

/* As string_to_u64() for [text, text + length), which is to be a port, up to 65535. */
bool string_to_port(const char *text, size_t length, unsigned *ret_port);

#endif
