/* SPDX-License-Identifier: Apache-2.0 */
/*
 *     header    = [ challenge ] *( "," [ challenge ] )
 *     challenge = scheme [ 1*SP ( token68 / [ parameter ] *( "," [ parameter ] ) ) ]
 *     parameter = token "=" ( token / quoted-string ), blanks around "="
 *
 * The comma separates parameters and challenges alike. What follows one is a parameter when it is a
 * token with "=" behind it, and else the next challenge's scheme.
 */
#include "runtime/image/registry/challenge.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "common/text.h"
#include "runtime/image/registry/registry_limits.h"

struct reader {
    const char *at;
    struct arena *arena;
    struct challenges *challenges;
};

static bool is_token_character(char c)
{
    return isalnum((unsigned char)c) || (c != '\0' && strchr("!#$%&'*+-.^_`|~", c));
}

static bool is_token68_character(char c)
{
    return isalnum((unsigned char)c) || (c != '\0' && strchr("-._~+/", c));
}

static void skip_blanks(struct reader *reader)
{
    reader->at += strspn(reader->at, " \t");
}

static void skip_separators(struct reader *reader)
{
    reader->at += strspn(reader->at, " \t,");
}

static size_t token_length(const char *text)
{
    size_t length = 0;

    while (is_token_character(text[length]))
        length++;
    return length;
}

static char *lower_case(struct arena *arena, const char *text, size_t length)
{
    char *copy = arena_strndup(arena, text, length);

    for (char *c = copy; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    return copy;
}

/* "token =" ahead, and not the "=" that pads a token68. */
static bool parameter_is_next(const char *text)
{
    size_t length = token_length(text);
    const char *after = text + length + strspn(text + length, " \t");

    if (length == 0 || *after != '=')
        return false;
    after += 1 + strspn(after + 1, " \t");
    return *after == '"' || is_token_character(*after);
}

/* The text between quotes, with its escapes undone. */
static int read_quoted(struct reader *reader, const char **ret_value, struct error *err)
{
    char *value = arena_strdup(reader->arena, reader->at);
    char *end = value;
    const char *c = reader->at + 1;

    for (; *c != '"'; c++) {
        if (*c == '\\')
            c++;
        if (*c == '\0')
            return error_set(err, "quoted text without an end");
        *end++ = *c;
    }
    *end = '\0';
    reader->at = c + 1;
    *ret_value = value;
    return 0;
}

static int read_parameter(struct reader *reader, struct challenge *challenge, struct error *err)
{
    struct challenge_parameter parameter;
    size_t length = token_length(reader->at);

    if (challenge->n_parameters == LIMIT_CHALLENGE_PARAMETERS)
        return error_set(err, "more than %d parameters", LIMIT_CHALLENGE_PARAMETERS);
    parameter.name = lower_case(reader->arena, reader->at, length);
    if (challenge_get(challenge, parameter.name))
        return error_set(err, "parameter '%.40s' twice", parameter.name);
    reader->at += length;
    skip_blanks(reader);
    reader->at++; /* "=" */
    skip_blanks(reader);
    if (*reader->at == '"') {
        if (read_quoted(reader, &parameter.value, err) < 0)
            return -1;
    } else {
        length = token_length(reader->at);
        parameter.value = arena_strndup(reader->arena, reader->at, length);
        reader->at += length;
    }
    challenge->parameters[challenge->n_parameters++] = parameter;
    return 0;
}

static int expect_separator(struct reader *reader, struct error *err)
{
    skip_blanks(reader);
    if (*reader->at != ',' && *reader->at != '\0')
        return error_set(err, "no comma where one belongs");
    skip_separators(reader);
    return 0;
}

/* Blanks after the scheme, then a token68 that ends at a comma or the end. */
static bool read_token68(struct reader *reader, struct challenge *challenge)
{
    size_t length = 0;
    const char *end;

    while (is_token68_character(reader->at[length]))
        length++;
    if (length == 0)
        return false;
    end = reader->at + length;
    end += strspn(end, "=");
    if (*(end + strspn(end, " \t")) != ',' && *(end + strspn(end, " \t")) != '\0')
        return false;
    challenge->token68 = arena_strndup(reader->arena, reader->at, (size_t)(end - reader->at));
    reader->at = end;
    return true;
}

static int read_challenge(struct reader *reader, struct error *err)
{
    struct challenges *challenges = reader->challenges;
    size_t length = token_length(reader->at);
    struct challenge *challenge;

    if (length == 0)
        return error_set(err, "no scheme where one belongs");
    if (challenges->count == LIMIT_CHALLENGES)
        return error_set(err, "more than %d challenges", LIMIT_CHALLENGES);
    challenge = &challenges->items[challenges->count++];
    challenge->scheme = lower_case(reader->arena, reader->at, length);
    challenge->parameters =
        arena_new_array(reader->arena, struct challenge_parameter, LIMIT_CHALLENGE_PARAMETERS);
    reader->at += length;
    if (*reader->at != ' ')
        return expect_separator(reader, err);
    skip_blanks(reader);
    if (!parameter_is_next(reader->at) && read_token68(reader, challenge))
        return expect_separator(reader, err);
    skip_separators(reader);
    while (parameter_is_next(reader->at))
        if (read_parameter(reader, challenge, err) < 0 || expect_separator(reader, err) < 0)
            return -1;
    return 0;
}

int challenges_parse(const struct string_list *headers, struct arena *arena,
                     struct challenges *ret_challenges, struct error *err)
{
    struct challenges challenges = {.items =
                                        arena_new_array(arena, struct challenge, LIMIT_CHALLENGES)};
    size_t total = 0;

    for (size_t i = 0; i < headers->count; i++) {
        struct reader reader = {.at = headers->items[i], .arena = arena, .challenges = &challenges};

        total += strlen(headers->items[i]);
        if (total > LIMIT_CHALLENGE_BYTES)
            return error_set(err, "read WWW-Authenticate: more than %d bytes",
                             LIMIT_CHALLENGE_BYTES);
        skip_separators(&reader);
        while (*reader.at)
            if (read_challenge(&reader, err) < 0)
                return error_wrap(err, "read WWW-Authenticate");
    }
    *ret_challenges = challenges;
    return 0;
}

const struct challenge *challenges_find(const struct challenges *challenges, const char *scheme)
{
    for (size_t i = 0; i < challenges->count; i++)
        if (string_eq(challenges->items[i].scheme, scheme))
            return &challenges->items[i];
    return NULL;
}

const char *challenge_get(const struct challenge *challenge, const char *name)
{
    for (size_t i = 0; i < challenge->n_parameters; i++)
        if (string_eq(challenge->parameters[i].name, name))
            return challenge->parameters[i].value;
    return NULL;
}
