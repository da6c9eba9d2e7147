/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/compose/yaml_scalar.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/text.h"
#include "orchestrator/compose/yaml_date.h"

enum { LONGEST_NUMBER = 128 };

static bool is_one_of(const char *text, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(text, words[i]) == 0)
            return true;
    }
    return false;
}

#define IS_ONE_OF(text, words) is_one_of((text), (words), ARRAY_LENGTH(words))

static bool resolve_word(const char *text, struct node *node)
{
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL"};
    static const char *const trues[] = {"true", "True", "TRUE"};
    static const char *const falses[] = {"false", "False", "FALSE"};
    static const char *const nans[] = {".nan", ".NaN", ".NAN"};
    static const char *const infinities[] = {".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"};
    static const char *const minus_infinities[] = {"-.inf", "-.Inf", "-.INF"};

    if (IS_ONE_OF(text, nulls)) {
        node->kind = NODE_NULL;
    } else if (IS_ONE_OF(text, trues) || IS_ONE_OF(text, falses)) {
        node->kind = NODE_BOOL;
        node->boolean = tolower((unsigned char)text[0]) == 't';
    } else if (IS_ONE_OF(text, nans)) {
        node->kind = NODE_FLOAT;
        node->real = (double)NAN;
    } else if (IS_ONE_OF(text, infinities) || IS_ONE_OF(text, minus_infinities)) {
        node->kind = NODE_FLOAT;
        node->real = text[0] == '-' ? -(double)INFINITY : (double)INFINITY;
    } else {
        return false;
    }
    return true;
}

/* The digits without underscores; false when the text cannot be a number at all. */
static bool number_digits(const char *text, char digits[LONGEST_NUMBER])
{
    size_t length = 0;

    if (!isdigit((unsigned char)text[0]) && !strchr("+-.", text[0]))
        return false;
    for (; *text; text++) {
        if (*text == '_')
            continue;
        if (length + 1 >= LONGEST_NUMBER || !strchr("0123456789abcdefABCDEFoxX+-.", *text))
            return false;
        digits[length++] = *text;
    }
    digits[length] = '\0';
    return length > 0;
}

static int base_of(const char **digits)
{
    const char *p = *digits;

    if (p[0] != '0' || !p[1])
        return 10;
    *digits += 2;
    switch (tolower((unsigned char)p[1])) {
    case 'x':
        return 16;
    case 'o':
        return 8;
    case 'b':
        return 2;
    default:
        *digits -= 1;
        return 8;
    }
}

static bool resolve_int(const char *digits, struct node *node)
{
    bool negative = digits[0] == '-';
    unsigned long long value;
    char *end;
    int base;

    digits += digits[0] == '-' || digits[0] == '+';
    base = base_of(&digits);
    if (!isxdigit((unsigned char)*digits))
        return false;
    errno = 0;
    value = strtoull(digits, &end, base);
    if (*end || errno)
        return false;
    if (value > (unsigned long long)INT64_MAX + negative) {
        node->kind = NODE_FLOAT;
        node->real = negative ? -(double)value : (double)value;
        return true;
    }
    node->kind = NODE_INT;
    node->integer = (int64_t)(negative ? 0 - value : value);
    return true;
}

/* [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)? */
static bool looks_like_float(const char *p)
{
    size_t whole, fraction = 0;

    p += *p == '-' || *p == '+';
    whole = strspn(p, "0123456789");
    p += whole;
    if (*p == '.') {
        fraction = strspn(p + 1, "0123456789");
        p += 1 + fraction;
    }
    if (whole + fraction == 0)
        return false;
    if (*p == 'e' || *p == 'E') {
        p++;
        p += *p == '-' || *p == '+';
        if (!isdigit((unsigned char)*p))
            return false;
        p += strspn(p, "0123456789");
    }
    return *p == '\0';
}

static bool resolve_number(const char *text, struct node *node)
{
    char digits[LONGEST_NUMBER];

    if (!number_digits(text, digits))
        return false;
    if (resolve_int(digits, node))
        return true;
    if (!looks_like_float(digits))
        return false;
    node->kind = NODE_FLOAT;
    node->real = strtod(digits, NULL);
    return true;
}

/* A date becomes the text that the reference makes of it. */
static bool resolve_date(struct arena *arena, const char *text, struct node *node)
{
    scoped_text struct text out = {0};

    if (!yaml_date_rewrite(text, &out))
        return false;
    node->kind = NODE_STRING;
    node->text = arena_strdup(arena, text_get(&out));
    return true;
}

/* Between INT64_MAX and UINT64_MAX a number is only ever a serial number in a variable or label:
 * its digits are what matters, and a float would lose some. */
static bool is_serial_number(const char *text)
{
    char *end;

    if (!isdigit((unsigned char)*text) || *text == '0')
        return false;
    errno = 0;
    return strtoull(text, &end, 10) > (unsigned long long)INT64_MAX && !*end && !errno;
}

void yaml_scalar_resolve(struct arena *arena, const char *text, struct node *node)
{
    if (resolve_word(text, node) || resolve_date(arena, text, node) ||
        (!is_serial_number(text) && resolve_number(text, node)))
        return;
    node->kind = NODE_STRING;
    node->text = arena_strdup(arena, text);
}

/* YAML 1.1 read 190:20:30 as a number of base 60. */
static bool is_base_60(const char *text)
{
    const char *p = text;
    size_t groups = 0;

    p += *p == '-' || *p == '+';
    if (!isdigit((unsigned char)*p))
        return false;
    p += strspn(p, "0123456789_");
    for (; *p == ':'; groups++) {
        p++;
        if (!isdigit((unsigned char)*p))
            return false;
        if (*p <= '5' && isdigit((unsigned char)p[1]))
            p++;
        p++;
    }
    if (*p == '.')
        p += 1 + strspn(p + 1, "0123456789_");
    return groups > 0 && *p == '\0';
}

bool yaml_scalar_is_text(const char *text)
{
    static const char *const old_booleans[] = {
        "y", "Y",  "yes", "Yes", "YES", "on",  "On",  "ON", "n",
        "N", "no", "No",  "NO",  "off", "Off", "OFF", "<<",
    };
    struct node node = {0};

    if (IS_ONE_OF(text, old_booleans) || is_base_60(text))
        return false;
    return !resolve_word(text, &node) && !resolve_number(text, &node) && !yaml_date_is(text);
}
