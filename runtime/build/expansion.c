/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/build/expansion.h"

#include <ctype.h>
#include <string.h>

#include "runtime/build/build_limits.h"
#include "runtime/build/pattern.h"
#include "runtime/build/word.h"

/* A text ends at its end, where this is. */
enum { NO_STOP = '\0' };

struct lexer {
    struct expansion *expansion;
    const char *p;
    size_t limit; /* of each text */
    size_t work;  /* characters that were held against patterns */
    unsigned depth;
    struct error *err;
};

/* Where the result goes: one text, or words that end at blanks. */
struct sink {
    struct text *text;
    struct string_list *words; /* NULL: one text */
};

/* What stands in "${}". */
struct substitution {
    const char *name;
    bool colon; /* an empty value counts as unset */
    char op;
};

static int sink_end_word(struct lexer *lexer, struct sink *sink)
{
    if (sink->text->length == 0)
        return 0;
    if (sink->words->count == LIMIT_INSTRUCTION_WORDS)
        return error_set(lexer->err, "there are too many words");
    string_list_add(
        lexer->expansion->arena, sink->words,
        arena_strndup(lexer->expansion->arena, text_get(sink->text), sink->text->length));
    text_clear(sink->text);
    return 0;
}

static int sink_add(struct lexer *lexer, struct sink *sink, const char *bytes, size_t length)
{
    if (sink->text->length + length > lexer->limit)
        return error_set(lexer->err, "the expanded text is too long");
    text_append_bytes(sink->text, bytes, length);
    return 0;
}

/* As above, for bytes that are not quoted: blanks end a word. */
static int sink_add_loose(struct lexer *lexer, struct sink *sink, const char *bytes, size_t length)
{
    if (!sink->words)
        return sink_add(lexer, sink, bytes, length);
    for (size_t i = 0; i < length; i++) {
        if (char_is_blank(bytes[i]) ? sink_end_word(lexer, sink) < 0
                                    : sink_add(lexer, sink, &bytes[i], 1) < 0)
            return -1;
    }
    return 0;
}

static void note(struct expansion *expansion, struct string_list *names, const char *name)
{
    if (names->count < LIMIT_NOTED_NAMES && !string_list_has(names, name))
        string_list_add(expansion->arena, names, arena_strdup(expansion->arena, name));
}

/* The value, or NULL. */
static const char *lookup(struct lexer *lexer, const char *name)
{
    const struct variable *variable = scope_find(lexer->expansion->scope, name);

    if (variable)
        note(lexer->expansion, &lexer->expansion->used, name);
    return variable ? variable->value : NULL;
}

static void note_unset(struct lexer *lexer, const char *name)
{
    if (!scope_find(lexer->expansion->scope, name))
        note(lexer->expansion, &lexer->expansion->unset, name);
}

/* Letters, digits and '_'; digits alone when the first one is a digit; or one special character. */
static void read_name(struct lexer *lexer, struct text *name)
{
    const char *p = lexer->p;

    if (isdigit((unsigned char)*p)) {
        while (isdigit((unsigned char)*p))
            p++;
    } else if (*p && strchr("@*#?-$!", *p)) {
        p++;
    } else {
        while (isalnum((unsigned char)*p) || *p == '_')
            p++;
    }
    text_append_bytes(name, lexer->p, (size_t)(p - lexer->p));
    lexer->p = p;
}

static int lex_until(struct lexer *lexer, char stop, bool raw_escapes, struct sink *sink);

static int substitute_default(struct lexer *lexer, const struct substitution *use, const char *word,
                              struct sink *sink)
{
    const char *value = lookup(lexer, use->name);
    bool present = value && (!use->colon || *value);

    if (use->op == '?' && !present)
        return error_set(lexer->err, "%s: %s", use->name,
                         *word    ? word
                         : !value ? "is not allowed to be unset"
                                  : "is not allowed to be empty");
    if (use->op == '+')
        value = present ? word : "";
    else if (!present)
        value = word;
    return sink_add_loose(lexer, sink, value, strlen(value));
}

/* Accounts for matching; a text of many patterns must not keep a machine busy for hours. */
static int spend(struct lexer *lexer, const char *pattern, const char *value)
{
    lexer->work += (strlen(pattern) + 1) * (strlen(value) + 1);
    return lexer->work > LIMIT_EXPANSION_WORK ? error_set(lexer->err, "there is too much to match")
                                              : 0;
}

static int substitute_trimmed(struct lexer *lexer, const struct substitution *use,
                              const char *pattern, struct sink *sink)
{
    scoped_text struct text result = {0};
    const char *value = lookup(lexer, use->name);
    struct pattern_trim how = {.suffix = use->op == '%', .longest = *pattern == use->op};

    if (!value)
        note_unset(lexer, use->name);
    value = value ? value : "";
    if (spend(lexer, pattern, value) < 0 ||
        pattern_trim(pattern + how.longest, value, how, &result, lexer->err) < 0)
        return -1;
    return sink_add_loose(lexer, sink, text_get(&result), result.length);
}

/* Reads a part of the braces into a text of its own. */
static int lex_operand(struct lexer *lexer, char stop, bool raw_escapes, struct text *ret_operand)
{
    struct sink sink = {ret_operand, NULL};
    int result;

    if (lexer->depth == LIMIT_EXPANSION_DEPTH)
        return error_set(lexer->err, "variables are nested too deeply");
    lexer->depth++;
    result = lex_until(lexer, stop, raw_escapes, &sink);
    lexer->depth--;
    return result;
}

static int lex_replacement(struct lexer *lexer, const struct substitution *use, struct sink *sink)
{
    scoped_text struct text pattern = {0}, replacement = {0}, result = {0};
    const char *value;
    struct pattern_replace how = {.all = *lexer->p == '/'};

    lexer->p += how.all;
    if (lex_operand(lexer, '/', true, &pattern) < 0 ||
        lex_operand(lexer, '}', true, &replacement) < 0)
        return -1;
    value = lookup(lexer, use->name);
    if (!value)
        note_unset(lexer, use->name);
    value = value ? value : "";
    how.replacement = text_get(&replacement);
    /* Each character may be replaced; what is too long is not even made. */
    if (how.all && replacement.length > 0 && strlen(value) > lexer->limit / replacement.length)
        return error_set(lexer->err, "the expanded text is too long");
    if (spend(lexer, text_get(&pattern), value) < 0 ||
        pattern_replace(text_get(&pattern), value, how, &result, lexer->err) < 0)
        return -1;
    return sink_add_loose(lexer, sink, text_get(&result), result.length);
}

static int lex_value(struct lexer *lexer, const char *name, struct sink *sink)
{
    const char *value = lookup(lexer, name);

    if (!value) {
        note_unset(lexer, name);
        return 0;
    }
    return sink_add_loose(lexer, sink, value, strlen(value));
}

/* At what comes behind "${". */
static int lex_braces(struct lexer *lexer, struct sink *sink)
{
    scoped_text struct text name = {0}, operand = {0};
    struct substitution use = {0};

    if (*lexer->p && strchr("{}:", *lexer->p))
        return error_set(lexer->err, "bad substitution");
    read_name(lexer, &name);
    use.name = text_get(&name);
    if (*lexer->p == '}') {
        lexer->p++;
        return lex_value(lexer, use.name, sink);
    }
    use.colon = *lexer->p == ':';
    lexer->p += use.colon;
    if (*lexer->p == '\0')
        return error_set(lexer->err, "missing '}'");
    use.op = *lexer->p;
    if (!strchr(use.colon ? "+-?#%" : "+-?#%/", use.op))
        return error_set(lexer->err, "unsupported modifier (%s%c) in substitution",
                         use.colon ? ":" : "", use.op);
    lexer->p++;
    if (use.op == '/')
        return lex_replacement(lexer, &use, sink);
    if (lex_operand(lexer, '}', strchr("#%", use.op) != NULL, &operand) < 0)
        return -1;
    if (strchr("#%", use.op))
        return substitute_trimmed(lexer, &use, text_get(&operand), sink);
    return substitute_default(lexer, &use, text_get(&operand), sink);
}

/* At what comes behind "$". */
static int lex_dollar(struct lexer *lexer, struct sink *sink)
{
    scoped_text struct text name = {0};

    if (*lexer->p == '{') {
        lexer->p++;
        return lex_braces(lexer, sink);
    }
    read_name(lexer, &name);
    if (name.length == 0)
        return sink_add(lexer, sink, "$", 1);
    return lex_value(lexer, text_get(&name), sink);
}

static int lex_single_quoted(struct lexer *lexer, struct sink *sink)
{
    const char *close = strchr(lexer->p, '\'');
    const char *start = lexer->p;

    if (!close)
        return error_set(lexer->err, "a single quote is not closed");
    lexer->p = close + 1;
    return sink_add(lexer, sink, start, (size_t)(close - start));
}

static int lex_double_quoted(struct lexer *lexer, bool raw_escapes, struct sink *sink)
{
    /* Blanks from a value do not end a word here. */
    struct sink quoted = {sink->text, NULL};
    char escape = lexer->expansion->escape;

    while (*lexer->p && *lexer->p != '"') {
        const char *c = lexer->p++;

        if (*c == '$') {
            if (lex_dollar(lexer, &quoted) < 0)
                return -1;
            continue;
        }
        if (*c == escape && *lexer->p && (*lexer->p == escape || strchr("\"$", *lexer->p))) {
            if (raw_escapes && sink_add(lexer, &quoted, c, 1) < 0)
                return -1;
            c = lexer->p++;
        }
        if (sink_add(lexer, &quoted, c, 1) < 0)
            return -1;
    }
    if (*lexer->p == '\0')
        return error_set(lexer->err, "a double quote is not closed");
    lexer->p++;
    return 0;
}

/* One character that is neither a quote nor a dollar. */
static int lex_plain(struct lexer *lexer, bool raw_escapes, struct sink *sink)
{
    const char *c = lexer->p++;

    if (*c != lexer->expansion->escape)
        return sink_add_loose(lexer, sink, c, 1);
    if (raw_escapes && sink_add(lexer, sink, c, 1) < 0)
        return -1;
    return *lexer->p ? sink_add(lexer, sink, lexer->p++, 1) : 0;
}

/* Up to the stop character, which is taken, or to the end. */
static int lex_until(struct lexer *lexer, char stop, bool raw_escapes, struct sink *sink)
{
    bool quotes = !lexer->expansion->keep_quotes;
    int result = 0;

    while (result == 0 && *lexer->p) {
        char c = *lexer->p;

        if (c == stop) {
            lexer->p++;
            return 0;
        }
        if (c == '$') {
            lexer->p++;
            result = lex_dollar(lexer, sink);
        } else if (c == '\'' && quotes) {
            lexer->p++;
            result = lex_single_quoted(lexer, sink);
        } else if (c == '"' && quotes) {
            lexer->p++;
            result = lex_double_quoted(lexer, raw_escapes, sink);
        } else {
            result = lex_plain(lexer, raw_escapes, sink);
        }
    }
    if (result == 0 && stop != NO_STOP)
        return error_set(lexer->err, "missing '%c'", stop);
    return result;
}

static struct lexer lexer_init(struct expansion *expansion, const char *text, struct error *err)
{
    return (struct lexer){.expansion = expansion,
                          .p = text,
                          .limit = strlen(text) + LIMIT_EXPANSION_BYTES,
                          .err = err};
}

int expansion_word(struct expansion *expansion, const char *text, struct text *out,
                   struct error *err)
{
    struct lexer lexer = lexer_init(expansion, text, err);
    struct sink sink = {out, NULL};

    lexer.limit += out->length;
    return lex_until(&lexer, NO_STOP, false, &sink);
}

int expansion_words(struct expansion *expansion, const char *text, struct string_list *words,
                    struct error *err)
{
    struct lexer lexer = lexer_init(expansion, text, err);
    scoped_text struct text word = {0};
    struct sink sink = {&word, words};

    return lex_until(&lexer, NO_STOP, false, &sink) < 0 ? -1 : sink_end_word(&lexer, &sink);
}
