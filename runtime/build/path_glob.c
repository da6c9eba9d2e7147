/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pattern is an automaton with a state before each of its tokens and one behind the last; a set
 * of states is carried along the path.
 *
 *     TOKEN_STAR    stays on any character but '/', and may be left at once
 *     TOKEN_CROSS   the same for all characters
 *     TOKEN_SKIP    leads to the next two at once: what comes next may be left out
 *     TOKEN_PARENTS stays on all characters, and is left by a '/'
 */
#include "runtime/build/path_glob.h"

#include <stdint.h>
#include <string.h>

#include "runtime/build/build_limits.h"

enum token_kind {
    TOKEN_CHARACTER,
    TOKEN_ANY,
    TOKEN_CLASS,
    TOKEN_STAR,
    TOKEN_CROSS,
    TOKEN_SKIP,
    TOKEN_PARENTS,
};

struct range {
    uint32_t low, high;
};

struct token {
    enum token_kind kind;
    uint32_t character;
    bool negated;
    struct range *ranges;
    size_t n_ranges;
};

struct path_glob {
    struct token *tokens;
    size_t n_tokens;
};

/* Takes one character off the text. Bytes that are no UTF-8 get numbers that no character has. */
static uint32_t take_character(const char **text)
{
    const unsigned char *at = (const unsigned char *)*text;
    unsigned length = *at >= 0xf0 ? 4 : *at >= 0xe0 ? 3 : *at >= 0xc2 ? 2 : 1;
    uint32_t value = length == 1 ? (uint32_t)*at : *at & (0xffu >> (length + 1));

    for (unsigned i = 1; i < length; i++) {
        if ((at[i] & 0xc0) != 0x80) {
            *text += 1;
            return 0x110000u + *at;
        }
        value = value << 6 | (at[i] & 63);
    }
    *text += length;
    return *at >= 0x80 && length == 1 ? 0x110000u + *at : value;
}

static int take_class_character(const char **text, uint32_t *ret_character, struct error *err)
{
    if (**text == '\\')
        (*text)++;
    if (**text == '\0')
        return error_set(err, "a '[' is not closed");
    *ret_character = take_character(text);
    return 0;
}

/* Behind the '['. */
static int take_class(const char **text, struct arena *arena, struct token *out, struct error *err)
{
    *out = (struct token){.kind = TOKEN_CLASS, .negated = **text == '^'};
    *text += out->negated;
    for (bool first = true; **text != ']' || first; first = false) {
        struct range range;

        if (**text == ']' || **text == '-' || **text == '\0')
            return error_set(err, "a '[' is not closed, or there is nothing in it");
        if (take_class_character(text, &range.low, err) < 0)
            return -1;
        range.high = range.low;
        if (**text == '-') {
            (*text)++;
            if (**text == ']' || take_class_character(text, &range.high, err) < 0)
                return error_set(err, "a range has no end");
        }
        out->ranges = arena_room(arena, out->ranges, out->n_ranges);
        out->ranges[out->n_ranges++] = range;
    }
    (*text)++;
    return 0;
}

/* Behind the first '*'. */
static void take_stars(struct path_glob *glob, const char **text, bool crosses)
{
    struct token *token = &glob->tokens[glob->n_tokens];

    if (!crosses || **text != '*') {
        token->kind = TOKEN_STAR;
        glob->n_tokens++;
        return;
    }
    (*text)++;
    *text += **text == '/';
    if (**text == '\0') {
        token->kind = TOKEN_CROSS;
        glob->n_tokens++;
        return;
    }
    token[0].kind = TOKEN_SKIP;
    token[1].kind = TOKEN_PARENTS;
    glob->n_tokens += 2;
}

int path_glob_compile(const char *pattern, bool crosses, struct arena *arena,
                      struct path_glob **ret_glob, struct error *err)
{
    struct path_glob *glob = arena_new_object(arena, struct path_glob);

    if (strlen(pattern) > LIMIT_GLOB_BYTES)
        return error_set(err, "the pattern is longer than %d bytes", LIMIT_GLOB_BYTES);
    glob->tokens = arena_new_array(arena, struct token, strlen(pattern) + 2);
    while (*pattern) {
        char c = *pattern;

        if (c == '*') {
            pattern++;
            take_stars(glob, &pattern, crosses);
            continue;
        }
        if (c == '[') {
            pattern++;
            if (take_class(&pattern, arena, &glob->tokens[glob->n_tokens++], err) < 0)
                return -1;
            continue;
        }
        if (c == '\\' && *++pattern == '\0')
            return error_set(err, "there is nothing behind the last backslash");
        glob->tokens[glob->n_tokens].kind = c == '?' ? TOKEN_ANY : TOKEN_CHARACTER;
        glob->tokens[glob->n_tokens++].character = take_character(&pattern);
    }
    *ret_glob = glob;
    return 0;
}

static bool accepts(const struct token *token, uint32_t character)
{
    switch (token->kind) {
    case TOKEN_CHARACTER:
        return character == token->character;
    case TOKEN_ANY:
        return character != '/';
    case TOKEN_CLASS:
        for (size_t i = 0; i < token->n_ranges; i++)
            if (character >= token->ranges[i].low && character <= token->ranges[i].high)
                return !token->negated;
        return token->negated && character != '/';
    default:
        return false;
    }
}

/* The state, and those that it leads to without a character. */
static void enter(const struct path_glob *glob, bool *states, size_t state)
{
    for (;;) {
        enum token_kind kind;

        states[state] = true;
        if (state == glob->n_tokens)
            return;
        kind = glob->tokens[state].kind;
        if (kind == TOKEN_SKIP)
            enter(glob, states, state + 2);
        else if (kind != TOKEN_STAR && kind != TOKEN_CROSS)
            return;
        state++;
    }
}

static void step(const struct path_glob *glob, const bool *states, bool *next, uint32_t character)
{
    for (size_t i = 0; i < glob->n_tokens; i++) {
        const struct token *token = &glob->tokens[i];

        if (!states[i])
            continue;
        if (accepts(token, character) || (token->kind == TOKEN_PARENTS && character == '/'))
            enter(glob, next, i + 1);
        if (token->kind == TOKEN_CROSS || token->kind == TOKEN_PARENTS ||
            (token->kind == TOKEN_STAR && character != '/'))
            enter(glob, next, i);
    }
}

bool path_glob_matches(const struct path_glob *glob, const char *path)
{
    bool sets[2][LIMIT_GLOB_BYTES + 3] = {{false}};
    bool *states = sets[0], *next = sets[1];

    enter(glob, states, 0);
    while (*path) {
        bool *old = states;

        memset(next, 0, glob->n_tokens + 1);
        step(glob, states, next, take_character(&path));
        states = next;
        next = old;
    }
    return states[glob->n_tokens];
}

bool path_glob_is_needed(const char *text)
{
    return strpbrk(text, "*?[\\") != NULL;
}
