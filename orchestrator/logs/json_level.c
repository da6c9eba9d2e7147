/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/logs/json_level.h"

#include <ctype.h>
#include <string.h>

#include "common/memory.h"

struct scan {
    const char *at, *end;
};

struct span {
    const char *bytes;
    size_t length;
};

/* logrus, zap, pino, zerolog; log15; Google, OpenTelemetry; Serilog; .NET; Python; ECS. */
static const char *const level_keys[] = {"level",     "lvl",          "severity", "severity_text",
                                         "@l",        "severityText", "LogLevel", "loglevel",
                                         "log_level", "log.level",    "levelname"};

static bool span_is(struct span span, const char *word)
{
    return strlen(word) == span.length && memcmp(span.bytes, word, span.length) == 0;
}

static bool is_level_key(struct span key)
{
    for (size_t i = 0; i < ARRAY_LENGTH(level_keys); i++) {
        if (span_is(key, level_keys[i]))
            return true;
    }
    return false;
}

static enum line_level level_of(struct span key, struct span value)
{
    /* MongoDB has "s":"I"; with others that may be any number. */
    if (span_is(key, "s") && value.length > 0 && isalpha((unsigned char)value.bytes[0]))
        return value.length <= 2 ? line_level_from_word(value.bytes, value.length) : LEVEL_NONE;
    return is_level_key(key) ? line_level_from_word(value.bytes, value.length) : LEVEL_NONE;
}

/* The next byte that is no blank, '\0' at the end. */
static char look(struct scan *scan)
{
    while (scan->at < scan->end && memchr(" \t\r", *scan->at, 3))
        scan->at++;
    return scan->at < scan->end ? *scan->at : '\0';
}

static bool take(struct scan *scan, char c)
{
    if (look(scan) != c || scan->at == scan->end)
        return false;
    scan->at++;
    return true;
}

/* What stands between the quotes, as it is written. False when it does not end. */
static bool take_string(struct scan *scan, struct span *ret_span)
{
    const char *start;

    if (!take(scan, '"'))
        return false;
    start = scan->at;
    while (scan->at < scan->end && *scan->at != '"')
        scan->at += *scan->at == '\\' && scan->end - scan->at > 1 ? 2 : 1;
    if (scan->at == scan->end)
        return false;
    *ret_span = (struct span){start, (size_t)(scan->at - start)};
    scan->at++;
    return true;
}

/* A number or a word. */
static struct span take_bare(struct scan *scan)
{
    const char *start = scan->at;

    while (scan->at < scan->end && !memchr(",]} \t\r", *scan->at, 6))
        scan->at++;
    return (struct span){start, (size_t)(scan->at - start)};
}

/* Over an object or a list, whatever it holds. */
static bool skip_nested(struct scan *scan)
{
    size_t depth = 0;

    do {
        char c = look(scan);
        struct span ignored;

        if (scan->at == scan->end)
            return false;
        if (c == '"') {
            if (!take_string(scan, &ignored))
                return false;
            continue;
        }
        if (c == '{' || c == '[')
            depth++;
        if (c == '}' || c == ']')
            depth--;
        scan->at++;
    } while (depth > 0);
    return true;
}

/* The value of a key; false when the line ends in it. */
static bool take_value(struct scan *scan, struct span key, enum line_level *ret_level)
{
    struct span span;
    char c = look(scan);

    if (c == '{' || c == '[')
        return skip_nested(scan);
    if (c != '"')
        span = take_bare(scan);
    else if (!take_string(scan, &span))
        return false;
    *ret_level = level_of(key, span);
    return true;
}

/* ECS: {"log":{"level":"info"}}. */
static enum line_level level_in_log(struct scan scan)
{
    enum line_level level = LEVEL_NONE;
    struct span key;

    if (!take(&scan, '{'))
        return LEVEL_NONE;
    while (level == LEVEL_NONE && take_string(&scan, &key) && take(&scan, ':') &&
           take_value(&scan, key, &level) && take(&scan, ','))
        ;
    return level;
}

bool json_level_find(const char *bytes, size_t length, enum line_level *ret_level)
{
    struct scan scan = {bytes, bytes + length};
    enum line_level level = LEVEL_NONE;
    struct span key;

    if (!take(&scan, '{') || (look(&scan) != '"' && look(&scan) != '}'))
        return false;
    while (level == LEVEL_NONE && take_string(&scan, &key) && take(&scan, ':')) {
        if (span_is(key, "log"))
            level = level_in_log(scan);
        if (level == LEVEL_NONE && (!take_value(&scan, key, &level) || !take(&scan, ',')))
            break;
    }
    *ret_level = level;
    return true;
}
