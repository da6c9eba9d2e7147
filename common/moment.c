/* SPDX-License-Identifier: Apache-2.0 */
#include "common/moment.h"

#include <ctype.h>
#include <string.h>
#include <time.h>

#include "common/process.h"
#include "common/units.h"

enum { MAX_YEAR = 2262 };

static const int64_t NS_PER_S = 1000000000;

/* Exactly `count` digits. */
static bool digits_take(const char **text, int count, int *ret_value)
{
    int value = 0;

    for (int i = 0; i < count; i++) {
        if (!isdigit((unsigned char)(*text)[i]))
            return false;
        value = value * 10 + ((*text)[i] - '0');
    }
    *text += count;
    *ret_value = value;
    return true;
}

static bool char_take(const char **text, const char *any_of)
{
    if (**text == '\0' || !strchr(any_of, **text))
        return false;
    ++*text;
    return true;
}

/* The digits of a fraction; those behind the ninth are dropped. */
static bool fraction_take(const char **text, int64_t *ret_ns)
{
    int64_t ns = 0, unit = NS_PER_S / 10;
    const char *at = *text;

    for (; isdigit((unsigned char)*at); at++, unit /= 10)
        ns += unit * (*at - '0');
    if (at == *text)
        return false;
    *text = at;
    *ret_ns = ns;
    return true;
}

static bool time_take(const char **text, struct tm *parts, int64_t *ret_ns)
{
    if (!digits_take(text, 2, &parts->tm_hour) || parts->tm_hour > 23)
        return false;
    if (!char_take(text, ":"))
        return true;
    if (!digits_take(text, 2, &parts->tm_min) || parts->tm_min > 59)
        return false;
    if (!char_take(text, ":"))
        return true;
    if (!digits_take(text, 2, &parts->tm_sec) || parts->tm_sec > 60)
        return false;
    return !char_take(text, ".,") || fraction_take(text, ret_ns);
}

/* "Z", "+02:00", "-0530". */
static bool zone_take(const char **text, int64_t *ret_offset_s)
{
    int hours, minutes;
    bool west = **text == '-';

    if (char_take(text, "zZ"))
        return true;
    if (!char_take(text, "+-") || !digits_take(text, 2, &hours))
        return false;
    (void)char_take(text, ":");
    if (!digits_take(text, 2, &minutes) || hours > 23 || minutes > 59)
        return false;
    *ret_offset_s = (hours * 60 + minutes) * (west ? -60 : 60);
    return true;
}

/* timegm() and mktime() turn the 31st of February into the 3rd of March; here it is a mistake. */
static bool day_exists(const struct tm *parts)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int year = parts->tm_year + 1900;
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return parts->tm_mon >= 0 && parts->tm_mon < 12 && parts->tm_mday >= 1 &&
           parts->tm_mday <= days[parts->tm_mon] + (parts->tm_mon == 1 && leap);
}

static bool date_parse(const char *text, uint64_t *ret_ns)
{
    struct tm parts = {.tm_isdst = -1};
    int64_t ns = 0, offset_s = 0;
    time_t seconds;
    int year, month;

    if (!digits_take(&text, 4, &year) || !char_take(&text, "-") || !digits_take(&text, 2, &month) ||
        !char_take(&text, "-") || !digits_take(&text, 2, &parts.tm_mday) || year < 1970 ||
        year >= MAX_YEAR)
        return false;
    parts.tm_year = year - 1900;
    parts.tm_mon = month - 1;
    if (!day_exists(&parts) || (char_take(&text, "tT ") && !time_take(&text, &parts, &ns)))
        return false;
    if (*text == '\0') {
        seconds = mktime(&parts);
    } else {
        if (!zone_take(&text, &offset_s) || *text != '\0')
            return false;
        seconds = timegm(&parts) - (time_t)offset_s;
    }
    if (seconds < 0)
        return false;
    *ret_ns = (uint64_t)(seconds * NS_PER_S + ns);
    return true;
}

static bool epoch_parse(const char *text, uint64_t *ret_ns)
{
    int64_t seconds = 0, ns = 0;

    if (!isdigit((unsigned char)*text))
        return false;
    for (; isdigit((unsigned char)*text); text++) {
        seconds = seconds * 10 + (*text - '0');
        if (seconds > INT64_MAX / NS_PER_S - 1)
            return false;
    }
    if (char_take(&text, ".") && !fraction_take(&text, &ns))
        return false;
    *ret_ns = (uint64_t)(seconds * NS_PER_S + ns);
    return *text == '\0';
}

bool moment_parse(const char *text, uint64_t now_ns, uint64_t *ret_ns)
{
    int64_t ago_ns, moment_ns;

    /* "0" is a duration as well, but means the epoch. */
    if (epoch_parse(text, ret_ns))
        return true;
    if (!duration_parse(text, &ago_ns))
        return date_parse(text, ret_ns);
    if (__builtin_sub_overflow((int64_t)now_ns, ago_ns, &moment_ns))
        return false;
    /* Longer ago than there was time: from the beginning. */
    *ret_ns = moment_ns > 0 ? (uint64_t)moment_ns : 0;
    return true;
}

int moment_read(const char *option, const char *text, uint64_t *ret_ns, struct error *err)
{
    if (!text || moment_parse(text, clock_realtime_ns(), ret_ns))
        return 0;
    return error_set(err,
                     "--%s: '%s' is no time: give 2026-01-31T12:00:00, with Z or +02:00 if it is "
                     "not local, 10m, or epoch seconds",
                     option, text);
}

/* Writes the last digits, so that they end at `end`. */
static void digits_put(char *end, unsigned value, int count)
{
    for (int i = 0; i < count; i++, value /= 10)
        *--end = (char)('0' + value % 10);
}

/* By hand, as every line of a log may want it. */
void moment_format(uint64_t ns, struct text *out)
{
    char bytes[] = "0000-00-00T00:00:00.000000000Z";
    time_t seconds = (time_t)(ns / (uint64_t)NS_PER_S);
    struct tm parts;

    if (!gmtime_r(&seconds, &parts))
        return;
    digits_put(bytes + 4, (unsigned)parts.tm_year + 1900, 4);
    digits_put(bytes + 7, (unsigned)parts.tm_mon + 1, 2);
    digits_put(bytes + 10, (unsigned)parts.tm_mday, 2);
    digits_put(bytes + 13, (unsigned)parts.tm_hour, 2);
    digits_put(bytes + 16, (unsigned)parts.tm_min, 2);
    digits_put(bytes + 19, (unsigned)parts.tm_sec, 2);
    digits_put(bytes + 29, (unsigned)(ns % (uint64_t)NS_PER_S), 9);
    text_append_bytes(out, bytes, sizeof(bytes) - 1);
}
