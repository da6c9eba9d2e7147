/* SPDX-License-Identifier: Apache-2.0 */
#include "common/units.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/cleanup.h"

static const int64_t NS_PER_S = 1000000000;

struct unit {
    const char *name;
    int64_t factor;
};

/* Longer names first where one is the beginning of another. */
static const struct unit duration_units[] = {
    {"ns", 1},
    {"us", 1000},
    {"\xc2\xb5s", 1000}, /* micro sign */
    {"\xce\xbcs", 1000}, /* Greek mu */
    {"ms", 1000000},
    {"s", 1000000000},
    {"m", 60LL * 1000000000},
    {"h", 3600LL * 1000000000},
    {"d", 86400LL * 1000000000},
    {"w", 604800LL * 1000000000},
};

/* A decimal number with an optional fraction, no exponent and no sign. */
static bool decimal_parse(const char **text, int64_t *ret_whole, double *ret_fraction)
{
    const char *p = *text;
    double scale = 0.1;
    size_t digits = 0;

    *ret_whole = 0;
    *ret_fraction = 0;
    for (; isdigit((unsigned char)*p); p++, digits++)
        if (__builtin_mul_overflow(*ret_whole, 10, ret_whole) ||
            __builtin_add_overflow(*ret_whole, *p - '0', ret_whole))
            return false;
    if (*p == '.') {
        for (p++; isdigit((unsigned char)*p); p++, digits++) {
            *ret_fraction += scale * (*p - '0');
            scale /= 10;
        }
    }
    *text = p;
    return digits > 0;
}

static const struct unit *duration_unit_take(const char **text)
{
    for (size_t i = 0; i < ARRAY_LENGTH(duration_units); i++) {
        size_t length = strlen(duration_units[i].name);

        /* "m" must not take the start of "ms". */
        if (strncmp(*text, duration_units[i].name, length) == 0) {
            *text += length;
            return &duration_units[i];
        }
    }
    return NULL;
}

bool duration_parse(const char *text, int64_t *ret_ns)
{
    bool negative = *text == '-';
    int64_t total = 0;

    text += *text == '-' || *text == '+';
    if (strcmp(text, "0") == 0) {
        *ret_ns = 0;
        return true;
    }
    if (*text == '\0')
        return false;
    while (*text) {
        const struct unit *unit;
        int64_t whole;
        double fraction;

        if (!decimal_parse(&text, &whole, &fraction) || !(unit = duration_unit_take(&text)) ||
            __builtin_mul_overflow(whole, unit->factor, &whole) ||
            __builtin_add_overflow(total, whole, &total) ||
            __builtin_add_overflow(total, (int64_t)llround(fraction * (double)unit->factor),
                                   &total))
            return false;
    }
    *ret_ns = negative ? -total : total;
    return true;
}

bool bit_rate_parse(const char *text, int64_t *ret_bits)
{
    static const struct unit units[] = {
        {"bit", 1}, {"kbit", 1000}, {"mbit", 1000 * 1000}, {"gbit", 1000 * 1000 * 1000}};
    int64_t whole;
    double fraction;

    if (!decimal_parse(&text, &whole, &fraction))
        return false;
    for (size_t i = 0; i < ARRAY_LENGTH(units); i++) {
        if (strcasecmp(text, units[i].name) != 0)
            continue;
        if (__builtin_mul_overflow(whole, units[i].factor, &whole) ||
            __builtin_add_overflow(whole, (int64_t)llround(fraction * (double)units[i].factor),
                                   &whole) ||
            whole <= 0)
            return false;
        *ret_bits = whole;
        return true;
    }
    return false;
}

/* A fraction of a unit without trailing zeros: 1.5 of 1500 and 1000. */
static void fraction_format(int64_t value, int64_t unit, const char *name, struct text *out)
{
    char digits[16];
    size_t length = 0;

    text_appendf(out, "%lld", (long long)(value / unit));
    for (int64_t rest = value % unit, scale = unit / 10; scale > 0; scale /= 10) {
        digits[length++] = (char)('0' + rest / scale);
        rest %= scale;
    }
    while (length > 0 && digits[length - 1] == '0')
        length--;
    if (length > 0) {
        text_append_char(out, '.');
        text_append_bytes(out, digits, length);
    }
    text_append(out, name);
}

void duration_format(int64_t ns, struct text *out)
{
    int64_t minutes, hours;

    if (ns < 0) {
        text_append_char(out, '-');
        ns = -ns;
    }
    if (ns == 0) {
        text_append(out, "0s");
    } else if (ns < 1000) {
        text_appendf(out, "%lldns", (long long)ns);
    } else if (ns < 1000000) {
        fraction_format(ns, 1000, "\xc2\xb5s", out);
    } else if (ns < NS_PER_S) {
        fraction_format(ns, 1000000, "ms", out);
    } else {
        minutes = ns / NS_PER_S / 60;
        hours = minutes / 60;
        if (hours > 0)
            text_appendf(out, "%lldh", (long long)hours);
        if (minutes > 0)
            text_appendf(out, "%lldm", (long long)(minutes % 60));
        fraction_format(ns % (60 * NS_PER_S), NS_PER_S, "s", out);
    }
}

bool bytes_parse(const char *text, int64_t *ret_bytes)
{
    static const char prefixes[] = "kmgtp";
    int64_t whole, factor = 1;
    double fraction, total;
    bool negative = *text == '-';
    const char *prefix;

    text += negative;
    if (!decimal_parse(&text, &whole, &fraction))
        return false;
    text += *text == ' ';
    if (*text && (prefix = strchr(prefixes, tolower((unsigned char)*text)))) {
        factor = 1LL << (10 * (prefix - prefixes + 1));
        text++;
        if (strcasecmp(text, "ib") != 0 && strcasecmp(text, "b") != 0 && *text)
            return false;
    } else if (*text && strcasecmp(text, "b") != 0) {
        return false;
    }
    total = fraction * (double)factor;
    if (__builtin_mul_overflow(whole, factor, &whole) ||
        __builtin_add_overflow(whole, (int64_t)total, &whole))
        return false;
    *ret_bytes = negative ? -whole : whole;
    return true;
}

void bytes_format(uint64_t bytes, struct text *out)
{
    static const char *const names[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    double value = (double)bytes;
    size_t unit = 0;
    char number[32];
    size_t length;

    while (value >= 1024 && unit + 1 < ARRAY_LENGTH(names)) {
        value /= 1024;
        unit++;
    }
    (void)snprintf(number, sizeof(number), unit == 0 ? "%.0f" : "%.2f", value);
    length = strlen(number);
    if (unit > 0) {
        while (number[length - 1] == '0')
            length--;
        length -= number[length - 1] == '.';
    }
    text_append_bytes(out, number, length);
    text_append(out, names[unit]);
}

void bytes_format_binary(uint64_t bytes, struct text *out)
{
    static const char *const names[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    double value = (double)bytes;
    size_t unit = 0;

    while (value >= 1024 && unit + 1 < ARRAY_LENGTH(names)) {
        value /= 1024;
        unit++;
    }
    text_appendf(out, "%.4g%s", value, names[unit]);
}

void bytes_format_decimal(uint64_t bytes, struct text *out)
{
    static const char *const names[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
    double value = (double)bytes;
    size_t unit = 0;

    /* 999.5 would be rounded to a fourth digit. */
    while (value >= 999.5 && unit + 1 < ARRAY_LENGTH(names)) {
        value /= 1000;
        unit++;
    }
    text_appendf(out, "%.3g%s", value, names[unit]);
}

void duration_format_words(uint64_t seconds, struct text *out)
{
    enum { MINUTE = 60, HOUR = 60 * MINUTE, DAY = 24 * HOUR, WEEK = 7 * DAY, MONTH = 30 * DAY };
    static const struct {
        uint64_t below, unit;
        const char *words;
    } spans[] = {
        {MINUTE, 1, "seconds"},
        {HOUR, MINUTE, "minutes"},
        {2 * DAY, HOUR, "hours"},
        {2 * WEEK, DAY, "days"},
        {2 * MONTH, WEEK, "weeks"},
        {730ULL * DAY, MONTH, "months"},
        {UINT64_MAX, 365ULL * DAY, "years"},
    };
    size_t i = 0;

    if (seconds == 0) {
        text_append(out, "Less than a second");
    } else if (seconds == 1) {
        text_append(out, "1 second");
    } else if (seconds / MINUTE == 1) {
        text_append(out, "About a minute");
    } else if (seconds / HOUR == 1) {
        text_append(out, "About an hour");
    } else {
        while (seconds >= spans[i].below)
            i++;
        text_appendf(out, "%u ", (unsigned)(seconds / spans[i].unit));
        text_append(out, spans[i].words);
    }
}
