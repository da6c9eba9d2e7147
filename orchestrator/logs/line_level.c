/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/logs/line_level.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "common/memory.h"
#include "orchestrator/logs/json_level.h"

enum {
    HEAD_BYTES = 256,    /* plain text names its level at the beginning */
    LOGFMT_BYTES = 4096, /* here level=info is looked for */
    WORD_MAX = 16,
};

struct span {
    const char *bytes;
    size_t length;
};

struct level_word {
    const char *name;
    enum line_level level;
    bool clear; /* in capitals it means the level wherever it stands alone */
};

static const struct level_word level_words[] = {
    {"trace", LEVEL_TRACE, true},      {"trce", LEVEL_TRACE, true},
    {"trc", LEVEL_TRACE, true},        {"finest", LEVEL_TRACE, true},
    {"finer", LEVEL_TRACE, true},      {"silly", LEVEL_TRACE, false},
    {"debug", LEVEL_DEBUG, true},      {"dbug", LEVEL_DEBUG, true},
    {"dbg", LEVEL_DEBUG, true},        {"fine", LEVEL_DEBUG, false},
    {"verbose", LEVEL_DEBUG, true},    {"info", LEVEL_INFO, true},
    {"inf", LEVEL_INFO, true},         {"information", LEVEL_INFO, false},
    {"notice", LEVEL_INFO, true},      {"note", LEVEL_INFO, false},
    {"log", LEVEL_INFO, false},        {"system", LEVEL_INFO, false},
    {"config", LEVEL_INFO, false},     {"warn", LEVEL_WARN, true},
    {"warning", LEVEL_WARN, true},     {"wrn", LEVEL_WARN, true},
    {"error", LEVEL_ERROR, true},      {"err", LEVEL_ERROR, true},
    {"eror", LEVEL_ERROR, true},       {"fail", LEVEL_ERROR, false},
    {"severe", LEVEL_ERROR, true},     {"fatal", LEVEL_FATAL, true},
    {"ftl", LEVEL_FATAL, true},        {"crit", LEVEL_FATAL, true},
    {"critical", LEVEL_FATAL, true},   {"panic", LEVEL_FATAL, true},
    {"emerg", LEVEL_FATAL, true},      {"alert", LEVEL_FATAL, false},
    {"emergency", LEVEL_FATAL, false},
};

static const struct level_word *find_word(const char *word, size_t length)
{
    if (length < 3 || length > WORD_MAX)
        return NULL;
    for (size_t i = 0; i < ARRAY_LENGTH(level_words); i++) {
        const char *name = level_words[i].name;

        if (strlen(name) == length && strncasecmp(name, word, length) == 0)
            return &level_words[i];
    }
    return NULL;
}

const char *line_level_name(enum line_level level)
{
    static const char *const names[] = {NULL, "trace", "debug", "info", "warn", "error", "fatal"};

    return names[level];
}

static enum line_level level_from_letter(char letter)
{
    static const char letters[] = "tdiwef";
    const char *found = letter ? strchr(letters, tolower((unsigned char)letter)) : NULL;

    return found ? (enum line_level)(LEVEL_TRACE + (found - letters)) : LEVEL_NONE;
}

static enum line_level level_from_number(const char *digits, size_t length)
{
    static const enum line_level syslog[] = {LEVEL_FATAL, LEVEL_FATAL, LEVEL_FATAL, LEVEL_ERROR,
                                             LEVEL_WARN,  LEVEL_INFO,  LEVEL_INFO,  LEVEL_DEBUG};
    size_t number = (size_t)(digits[0] - '0');

    if (length == 1)
        return number < ARRAY_LENGTH(syslog) ? syslog[number] : LEVEL_NONE;
    if (length != 2 || !isdigit((unsigned char)digits[1]) || number < 1)
        return LEVEL_NONE;
    return number > 6 ? LEVEL_FATAL : (enum line_level)number;
}

enum line_level line_level_from_word(const char *word, size_t length)
{
    const struct level_word *found = find_word(word, length);

    if (found)
        return found->level;
    if (length == 0)
        return LEVEL_NONE;
    if (isdigit((unsigned char)word[0]))
        return level_from_number(word, length);
    /* MongoDB has D1 to D5. */
    if (length == 1 || (length == 2 && word[0] == 'D' && isdigit((unsigned char)word[1])))
        return level_from_letter(word[0]);
    return LEVEL_NONE;
}

/* ---- logfmt */

static bool starts_with(struct span line, const char *prefix)
{
    size_t length = strlen(prefix);

    return line.length >= length && memcmp(line.bytes, prefix, length) == 0;
}

/* The word that ends at `end`, when it is a key that tells the level. */
static bool is_level_key(const char *start, const char *end)
{
    static const char *const keys[] = {"level", "lvl", "severity", "loglevel", "log.level"};

    for (size_t i = 0; i < ARRAY_LENGTH(keys); i++) {
        size_t length = strlen(keys[i]);

        if ((size_t)(end - start) < length || memcmp(end - length, keys[i], length) != 0)
            continue;
        if (end - length == start || memchr(" \t[{,", end[-(ptrdiff_t)length - 1], 5))
            return true;
    }
    return false;
}

static enum line_level logfmt_level(struct span line)
{
    size_t length = line.length < LOGFMT_BYTES ? line.length : LOGFMT_BYTES;
    const char *end = line.bytes + length, *equals = line.bytes;
    enum line_level level = LEVEL_NONE;

    while (level == LEVEL_NONE && (equals = memchr(equals, '=', (size_t)(end - equals)))) {
        const char *value = equals + 1, *value_end;

        if (is_level_key(line.bytes, equals)) {
            value += value < end && *value == '"';
            for (value_end = value; value_end < end && !memchr("\" \t,;]}", *value_end, 7);)
                value_end++;
            level = line_level_from_word(value, (size_t)(value_end - value));
        }
        equals++;
    }
    return level;
}

/* ---- plain text */

/* The beginning of the line without its colours. */
static size_t copy_head(struct span line, char ret_head[HEAD_BYTES])
{
    size_t n = 0;

    for (size_t i = 0; i < line.length && n < HEAD_BYTES; i++) {
        if (line.bytes[i] != '\033') {
            ret_head[n++] = line.bytes[i];
            continue;
        }
        while (i < line.length && !isalpha((unsigned char)line.bytes[i]))
            i++;
    }
    return n;
}

static char char_at(struct span head, size_t i)
{
    return i < head.length ? head.bytes[i] : '\0';
}

static bool is_one_of(char c, const char *set)
{
    return c == '\0' || strchr(set, c);
}

static bool is_capital(struct span word)
{
    for (size_t i = 0; i < word.length; i++) {
        if (!isupper((unsigned char)word.bytes[i]))
            return false;
    }
    return true;
}

/* Only a time stands before it: digits, marks, and the letters of "T", "Z" and "UTC". */
static bool is_first(struct span head, size_t start)
{
    for (size_t i = 0; i < start; i++) {
        if (isalpha((unsigned char)head.bytes[i]) && !strchr("TZUC", head.bytes[i]))
            return false;
    }
    return true;
}

/* "[error]", "[error   ]", "[core:error]", "<warn>". */
static bool is_bracketed(struct span head, size_t start, size_t end)
{
    char before = start > 0 ? head.bytes[start - 1] : '\0';

    if (before == '\0' || !strchr("[(<:|", before))
        return false;
    while (char_at(head, end) == ' ')
        end++;
    return char_at(head, end) != '\0' && strchr("])>|", head.bytes[end]);
}

static bool stands_alone(struct span head, size_t start, size_t end)
{
    char before = start > 0 ? head.bytes[start - 1] : '\0';

    return is_one_of(before, " \t[(<|:\"-") && is_one_of(char_at(head, end), " \t])>|:,\"!-");
}

/* First where the word stands, as that is rarely right, then which it is. */
static enum line_level level_at(struct span head, size_t start, size_t end)
{
    const struct span word = {head.bytes + start, end - start};
    bool is_bracketed_word = is_bracketed(head, start, end);
    bool is_cry = is_capital(word) && stands_alone(head, start, end);
    bool is_title = char_at(head, end) == ':' && is_first(head, start);
    const struct level_word *found = NULL;

    if (is_bracketed_word || is_cry || is_title)
        found = find_word(word.bytes, word.length);
    if (!found)
        return LEVEL_NONE;
    if (is_cry && !is_bracketed_word && !found->clear && char_at(head, end) != ':')
        return LEVEL_NONE;
    return found->level;
}

static enum line_level word_level(struct span head)
{
    for (size_t i = 0; i < head.length; i++) {
        size_t end = i;
        enum line_level level;

        while (end < head.length && isalpha((unsigned char)head.bytes[end]))
            end++;
        level = end > i ? level_at(head, i, end) : LEVEL_NONE;
        if (level != LEVEL_NONE)
            return level;
        i = end;
    }
    return LEVEL_NONE;
}

/* Each capital, digit and sign of the model stands for itself or what is said here:
 * '9' any digit, 'A' any of the set that is given, '?' anything. */
static bool fits(struct span head, const char *model, const char *set)
{
    for (size_t i = 0; model[i]; i++) {
        char c = char_at(head, i);

        if (c == '\0' || (model[i] == '9' && !isdigit((unsigned char)c)) ||
            (model[i] == 'A' && !strchr(set, c)) || (!strchr("9A?", model[i]) && c != model[i]))
            return false;
    }
    return true;
}

/* klog: "E0131 12:00:00.000000 1 main.go:1] text"; sd-daemon(3): "<3>text"; Redis:
 * "1:M 31 Jan 2026 12:00:00.000 # text". */
static enum line_level sign_level(struct span head)
{
    struct span rest = head;

    if (fits(head, "A9999 99:99:99", "IWEF"))
        return level_from_letter(head.bytes[0]);
    if (fits(head, "<9>", ""))
        return level_from_number(head.bytes + 1, 1);
    while (rest.length > 0 && isdigit((unsigned char)rest.bytes[0])) {
        rest.bytes++;
        rest.length--;
    }
    if (rest.length == head.length || !fits(rest, ":? 99 ??? 9999 99:99:99.999 A ", ".-*#"))
        return LEVEL_NONE;
    if (rest.bytes[28] == '#')
        return LEVEL_WARN;
    return rest.bytes[28] == '.' ? LEVEL_DEBUG : LEVEL_INFO;
}

/* ---- traces */

/* "ValueError: text", "java.lang.IllegalStateException". */
static bool is_exception(struct span head)
{
    size_t n = 0;

    while (isalnum((unsigned char)char_at(head, n)) ||
           (char_at(head, n) && strchr("._$", head.bytes[n])))
        n++;
    if (n < head.length && head.bytes[n] != ':')
        return false;
    return (n > 5 && memcmp(head.bytes + n - 5, "Error", 5) == 0) ||
           (n > 9 && memcmp(head.bytes + n - 9, "Exception", 9) == 0);
}

static bool starts_with_any(struct span head, const char *const *prefixes)
{
    for (; *prefixes; prefixes++) {
        if (starts_with(head, *prefixes))
            return true;
    }
    return false;
}

/* "main.(*server).run(0xc000)": a frame of Go. */
static bool is_frame(struct span head)
{
    const char *bracket = memchr(head.bytes, '(', head.length);
    size_t length = bracket ? (size_t)(bracket - head.bytes) : 0;

    return length > 0 && head.bytes[head.length - 1] == ')' && memchr(head.bytes, '.', length) &&
           !memchr(head.bytes, ' ', length);
}

static bool is_continuation(struct span head)
{
    static const char *const prefixes[] = {"at ",
                                           "Caused by:",
                                           "Suppressed:",
                                           "... ",
                                           "goroutine ",
                                           "created by ",
                                           "}",
                                           "]",
                                           ")",
                                           "stack backtrace:",
                                           "During handling of the above",
                                           "The above exception",
                                           "--- End of ",
                                           NULL};

    return head.length == 0 || isspace((unsigned char)head.bytes[0]) ||
           starts_with_any(head, prefixes) || is_frame(head);
}

/* PostgreSQL gives these lines the same beginning as the one that they explain. */
static bool is_detail(struct span head)
{
    static const char *const words[] = {
        " DETAIL:  ", " HINT:  ", " CONTEXT:  ", " STATEMENT:  ", " QUERY:  "};

    if (!memmem(head.bytes, head.length, ":  ", 3))
        return false;
    for (size_t i = 0; i < ARRAY_LENGTH(words); i++) {
        if (memmem(head.bytes, head.length, words[i], strlen(words[i])))
            return true;
    }
    return false;
}

/* " INFO text": some indent the word itself. */
static enum line_level first_word_level(struct span head)
{
    size_t start = 0, end;

    while (start < head.length && isspace((unsigned char)head.bytes[start]))
        start++;
    for (end = start; end < head.length && isalpha((unsigned char)head.bytes[end]);)
        end++;
    return level_at(head, start, end);
}

static struct line_say plain_say(struct span line)
{
    static const char *const cries[] = {"Traceback (most recent call last)", "Exception in thread ",
                                        "Unhandled exception", "Uncaught ", NULL};
    char bytes[HEAD_BYTES];
    const struct span head = {bytes, copy_head(line, bytes)};
    struct line_say say = {.level = sign_level(head)};

    if (say.level != LEVEL_NONE)
        return say;
    if (starts_with(head, "fatal error:"))
        return (struct line_say){.level = LEVEL_FATAL};
    /* Often the beginning of a trace that belongs to a line with a level of its own. */
    if (starts_with_any(head, cries) || is_exception(head))
        return (struct line_say){.level = LEVEL_ERROR, .continues = true};
    if (is_continuation(head) || is_detail(head))
        return (struct line_say){.level = first_word_level(head), .continues = true};
    say.level = word_level(head);
    return say;
}

struct line_say line_level_find(const char *bytes, size_t length)
{
    const struct span line = {bytes, length};
    struct line_say say = {0};

    if (json_level_find(bytes, length, &say.level))
        return say;
    say.level = logfmt_level(line);
    return say.level != LEVEL_NONE ? say : plain_say(line);
}
