/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/compose/interpolation.h"

#include <ctype.h>
#include <string.h>

#include "common/limits.h"

enum { LONGEST_NAME = 4096, LONGEST_QUOTE = 200 };

struct expansion {
    const struct interpolation *interpolation;
    struct text *out;
    struct error *err;
    size_t limit; /* of out->length */
    unsigned depth;
};

static bool starts_name(char c)
{
    return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static size_t name_length(const char *text, const char *end)
{
    const char *p = text;

    if (p == end || !starts_name(*p))
        return 0;
    while (p < end && (starts_name(*p) || isdigit((unsigned char)*p)))
        p++;
    return (size_t)(p - text);
}

/* The brace that closes the expression whose opening brace is just before `text`. */
static const char *closing_brace(const char *text, const char *end)
{
    size_t open = 1;

    for (const char *p = text; p < end; p++) {
        if (*p == '{')
            open++;
        else if (*p == '}' && --open == 0)
            return p;
    }
    return NULL;
}

size_t interpolation_parse(const char *text, const char *end, struct interpolation_use *ret_use)
{
    struct interpolation_use use = {0};
    const char *p, *close;

    if (text + 1 < end && text[1] != '{') {
        use.name = text + 1;
        use.name_length = name_length(use.name, end);
        *ret_use = use;
        return use.name_length ? 1 + use.name_length : 0;
    }
    use.name = text + 2;
    use.name_length = text + 2 <= end ? name_length(use.name, end) : 0;
    p = use.name + use.name_length;
    if (use.name_length == 0 || p >= end)
        return 0;
    close = p;
    if (*p != '}') {
        use.colon = *p == ':';
        p += use.colon;
        if (p >= end || !strchr("-?+", *p) || !(close = closing_brace(p + 1, end)))
            return 0;
        use.operator= * p;
        use.operand = p + 1;
        use.operand_length = (size_t)(close - use.operand);
    }
    *ret_use = use;
    return (size_t)(close + 1 - text);
}

static int expand(struct expansion *expansion, const char *text, const char *end);

static int append(struct expansion *expansion, const char *bytes, size_t length)
{
    if (expansion->out->length + length > expansion->limit)
        return error_set(expansion->err, "the expanded text is too long");
    text_append_bytes(expansion->out, bytes, length);
    return 0;
}

static int expand_operand(struct expansion *expansion, const struct interpolation_use *use)
{
    int result;

    if (++expansion->depth > LIMIT_INTERPOLATION_DEPTH)
        return error_set(expansion->err, "variables are nested too deeply");
    result = expand(expansion, use->operand, use->operand + use->operand_length);
    expansion->depth--;
    return result;
}

static int require(struct expansion *expansion, const struct interpolation_use *use,
                   const char *name)
{
    scoped_text struct text message = {0};
    struct expansion inner = *expansion;

    inner.out = &message;
    inner.limit = LIMIT_VALUE_BYTES;
    if (expand_operand(&inner, use) < 0)
        return -1;
    return error_set(expansion->err, "required variable %s is missing a value%s%s", name,
                     message.length ? ": " : "", text_get(&message));
}

static int expand_use(struct expansion *expansion, const struct interpolation_use *use)
{
    const struct interpolation *interpolation = expansion->interpolation;
    char name[LONGEST_NAME];
    const char *value;
    bool present;

    if (use->name_length >= sizeof(name))
        return error_set(expansion->err, "a variable's name is too long");
    memcpy(name, use->name, use->name_length);
    name[use->name_length] = '\0';
    value = interpolation->lookup(interpolation->owner, name);
    present = value && (!use->colon || *value);

    switch (use->operator) {
    case '-':
        return present ? append(expansion, value, strlen(value)) : expand_operand(expansion, use);
    case '?':
        return present ? append(expansion, value, strlen(value)) : require(expansion, use, name);
    case '+':
        return present ? expand_operand(expansion, use) : 0;
    default:
        break;
    }
    if (!value && interpolation->unset)
        interpolation->unset(interpolation->owner, name);
    return value ? append(expansion, value, strlen(value)) : 0;
}

static int malformed(struct expansion *expansion, const char *text, const char *end)
{
    size_t length = (size_t)(end - text);

    if (length > LONGEST_QUOTE)
        length = LONGEST_QUOTE;
    return error_set(expansion->err,
                     "invalid interpolation format; you may need to escape any $ with another $: "
                     "\"%.*s\"",
                     (int)length, text);
}

static int expand(struct expansion *expansion, const char *text, const char *end)
{
    const char *p = text;

    while (p < end) {
        const char *dollar = memchr(p, '$', (size_t)(end - p));
        struct interpolation_use use;
        size_t length;

        if (!dollar)
            return append(expansion, p, (size_t)(end - p));
        if (append(expansion, p, (size_t)(dollar - p)) < 0)
            return -1;
        p = dollar + 1;
        if (p < end && *p == '{') {
            length = interpolation_parse(dollar, end, &use);
            if (length == 0)
                return malformed(expansion, text, end);
        } else if (p == end || !starts_name(*p)) {
            /* "$$" is an escaped dollar; any other lone one stands for itself. */
            p += p < end && *p == '$';
            if (append(expansion, "$", 1) < 0)
                return -1;
            continue;
        } else {
            length = interpolation_parse(dollar, end, &use);
        }
        if (expand_use(expansion, &use) < 0)
            return -1;
        p = dollar + length;
    }
    return 0;
}

int interpolate(const struct interpolation *interpolation, const char *text, struct text *out,
                struct error *err)
{
    struct expansion expansion = {.interpolation = interpolation,
                                  .out = out,
                                  .err = err,
                                  .limit = out->length + LIMIT_VALUE_BYTES};

    return expand(&expansion, text, text + strlen(text));
}
