/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/build/pattern.h"

#include <stdint.h>
#include <string.h>

#include "common/arena.h"
#include "runtime/build/build_limits.h"

/*
 * A pattern is a row of chunks with a star between each two. Chunks are looked for from left to
 * right, each as early as it can be; that leaves most room to the ones behind it. Only the last one
 * decides how long the match is. What is taken away at the end is found by reading both backwards.
 */
struct character {
    const char *text;
    size_t length;
    enum { CHARACTER_LITERAL, CHARACTER_ANY, CHARACTER_STAR } kind;
};

struct characters {
    struct character *items;
    size_t count;
};

/* [from, to) of the match in the subject. */
struct span {
    size_t from, to;
};

static size_t character_length(const char *text)
{
    size_t length = 1;

    if ((unsigned char)*text >= 0xc0) {
        while (((unsigned char)text[length] & 0xc0) == 0x80 && length < 4)
            length++;
    }
    return length;
}

static struct characters subject_read(struct arena *arena, const char *text)
{
    struct characters subject = {arena_new_array(arena, struct character, strlen(text) + 1), 0};

    while (*text) {
        size_t length = character_length(text);

        subject.items[subject.count++] = (struct character){text, length, CHARACTER_LITERAL};
        text += length;
    }
    return subject;
}

static int pattern_read(struct arena *arena, const char *text, struct characters *ret_pattern,
                        struct error *err)
{
    struct characters pattern = {arena_new_array(arena, struct character, LIMIT_PATTERN_CHARS), 0};

    while (*text) {
        struct character *c = &pattern.items[pattern.count];

        if (pattern.count == LIMIT_PATTERN_CHARS)
            return error_set(err, "the pattern is too long");
        c->kind = *text == '*' ? CHARACTER_STAR : *text == '?' ? CHARACTER_ANY : CHARACTER_LITERAL;
        if (*text == '\\') {
            text++;
            if (*text == '\0' || !strchr("*?\\}/", *text))
                return error_set(err, "invalid escape '\\%.*s' in the pattern",
                                 *text ? (int)character_length(text) : 0, text);
        }
        c->text = text;
        c->length = character_length(text);
        text += c->length;
        pattern.count++;
    }
    *ret_pattern = pattern;
    return 0;
}

static void reverse(struct characters *characters)
{
    for (size_t i = 0; i < characters->count / 2; i++) {
        struct character *left = &characters->items[i];
        struct character *right = &characters->items[characters->count - 1 - i];
        struct character kept = *left;

        *left = *right;
        *right = kept;
    }
}

static size_t chunk_end(const struct characters *pattern, size_t from)
{
    while (from < pattern->count && pattern->items[from].kind != CHARACTER_STAR)
        from++;
    return from;
}

static bool chunk_matches(const struct characters *pattern, struct span chunk,
                          const struct characters *subject, size_t at)
{
    if (subject->count - at < chunk.to - chunk.from)
        return false;
    for (size_t i = chunk.from; i < chunk.to; i++, at++) {
        const struct character *want = &pattern->items[i], *is = &subject->items[at];

        if (want->kind == CHARACTER_LITERAL &&
            (want->length != is->length || memcmp(want->text, is->text, is->length) != 0))
            return false;
    }
    return true;
}

/* Where the chunk is in the subject from `at` on: the first place or the last. */
static bool chunk_find(const struct characters *pattern, struct span chunk,
                       const struct characters *subject, bool last, size_t *at)
{
    size_t first = *at;

    if (last) {
        for (size_t i = subject->count + 1; i > first; i--) {
            *at = i - 1;
            if (chunk_matches(pattern, chunk, subject, *at))
                return true;
        }
        return false;
    }
    for (; *at <= subject->count; (*at)++) {
        if (chunk_matches(pattern, chunk, subject, *at))
            return true;
    }
    return false;
}

/* Whether a match begins at match->from, and where it ends. */
static bool match_at(const struct characters *pattern, const struct characters *subject,
                     bool longest, struct span *match)
{
    struct span chunk = {0, chunk_end(pattern, 0)};
    size_t at = match->from;

    if (!chunk_matches(pattern, chunk, subject, at))
        return false;
    at += chunk.to - chunk.from;
    while (chunk.to < pattern->count) {
        chunk.from = chunk.to + 1;
        chunk.to = chunk_end(pattern, chunk.from);
        if (!chunk_find(pattern, chunk, subject, longest && chunk.to == pattern->count, &at))
            return false;
        at += chunk.to - chunk.from;
    }
    match->to = at;
    return true;
}

/* The first match from match->from on. When the text behind the first chunk's first place has no
 * room for the rest, no later place has. */
static bool match_find(const struct characters *pattern, const struct characters *subject,
                       struct span *match)
{
    struct span first = {0, chunk_end(pattern, 0)};

    return pattern->count > 0 && chunk_find(pattern, first, subject, false, &match->from) &&
           match_at(pattern, subject, true, match);
}

static void append(struct text *out, const struct characters *subject, struct span span)
{
    for (size_t i = span.from; i < span.to; i++)
        text_append_bytes(out, subject->items[i].text, subject->items[i].length);
}

int pattern_trim(const char *pattern, const char *value, struct pattern_trim how, struct text *out,
                 struct error *err)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct characters subject = subject_read(arena, value), tokens;
    struct span match = {0, 0};

    if (pattern_read(arena, pattern, &tokens, err) < 0)
        return -1;
    if (how.suffix) {
        reverse(&tokens);
        reverse(&subject);
    }
    if (!match_at(&tokens, &subject, how.longest, &match))
        match.to = 0;
    if (how.suffix) {
        reverse(&subject);
        append(out, &subject, (struct span){0, subject.count - match.to});
    } else {
        append(out, &subject, (struct span){match.to, subject.count});
    }
    return 0;
}

int pattern_replace(const char *pattern, const char *value, struct pattern_replace how,
                    struct text *out, struct error *err)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct characters subject = subject_read(arena, value), tokens;
    struct span match = {0, 0};
    size_t done = 0;

    if (pattern_read(arena, pattern, &tokens, err) < 0)
        return -1;
    while (match_find(&tokens, &subject, &match)) {
        append(out, &subject, (struct span){done, match.from});
        text_append(out, how.replacement);
        done = match.from = match.to;
        if (!how.all || done == subject.count)
            break;
    }
    append(out, &subject, (struct span){done, subject.count});
    return 0;
}
