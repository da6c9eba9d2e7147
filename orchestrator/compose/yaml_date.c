/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/compose/yaml_date.h"

#include <ctype.h>
#include <string.h>

/* Finer than a nanosecond is cut off. */
enum { FRACTION_DIGITS = 9 };

struct date {
    int year, month, day, hour, minute, second;
    const char *fraction; /* the digits behind the point */
    size_t n_fraction;
    int zone_minutes; /* east of Greenwich */
};

/* A number of `least` to `most` digits that is not above `limit`. */
static bool take_number(const char **text, size_t least, size_t most, int limit, int *ret_number)
{
    size_t length = strspn(*text, "0123456789");
    int number = 0;

    if (length < least)
        return false;
    if (length > most)
        length = most;
    for (size_t i = 0; i < length; i++)
        number = number * 10 + ((*text)[i] - '0');
    *text += length;
    *ret_number = number;
    return number <= limit;
}

static bool take_char(const char **text, char c)
{
    if (**text != c)
        return false;
    (*text)++;
    return true;
}

static int days_of(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return month == 2 && leap ? 29 : days[month - 1];
}

static bool take_day(const char **text, struct date *date)
{
    return strspn(*text, "0123456789") == 4 && take_number(text, 4, 4, 9999, &date->year) &&
           take_char(text, '-') && take_number(text, 1, 2, 12, &date->month) && date->month > 0 &&
           take_char(text, '-') &&
           take_number(text, 1, 2, days_of(date->year, date->month), &date->day) && date->day > 0;
}

static bool take_clock(const char **text, struct date *date)
{
    if (!take_number(text, 1, 2, 23, &date->hour) || !take_char(text, ':') ||
        !take_number(text, 1, 2, 59, &date->minute) || !take_char(text, ':') ||
        !take_number(text, 1, 2, 59, &date->second))
        return false;
    if ((**text == '.' || **text == ',') && isdigit((unsigned char)(*text)[1])) {
        date->fraction = *text + 1;
        date->n_fraction = strspn(date->fraction, "0123456789");
        *text = date->fraction + date->n_fraction;
    }
    return true;
}

static bool take_zone(const char **text, struct date *date)
{
    bool west = **text == '-';
    int hours, minutes;

    if (take_char(text, 'Z'))
        return true;
    if (!take_char(text, '+') && !take_char(text, '-'))
        return false;
    if (!take_number(text, 2, 2, 24, &hours) || !take_char(text, ':') ||
        !take_number(text, 2, 2, 59, &minutes))
        return false;
    date->zone_minutes = (west ? -1 : 1) * (hours * 60 + minutes);
    return true;
}

static bool parse(const char *text, struct date *ret_date)
{
    struct date date = {0};

    if (!take_day(&text, &date))
        return false;
    if (take_char(&text, 'T') || take_char(&text, 't')) {
        if (!take_clock(&text, &date) || !take_zone(&text, &date))
            return false;
    } else if (*text == ' ') {
        text += strspn(text, " ");
        if (!take_clock(&text, &date))
            return false;
    }
    *ret_date = date;
    return *text == '\0';
}

static void append_zone(int minutes, struct text *out)
{
    int size = minutes < 0 ? -minutes : minutes;

    text_appendf(out, " %c%02d%02d", minutes < 0 ? '-' : '+', size / 60, size % 60);
}

bool yaml_date_rewrite(const char *text, struct text *out)
{
    struct date date;
    size_t digits;

    if (!parse(text, &date))
        return false;
    text_appendf(out, "%04d-%02d-%02d %02d:%02d:%02d", date.year, date.month, date.day, date.hour,
                 date.minute, date.second);
    digits = date.n_fraction < FRACTION_DIGITS ? date.n_fraction : FRACTION_DIGITS;
    while (digits > 0 && date.fraction[digits - 1] == '0')
        digits--;
    if (digits > 0) {
        text_append_char(out, '.');
        text_append_bytes(out, date.fraction, digits);
    }
    append_zone(date.zone_minutes, out);
    if (date.zone_minutes == 0)
        text_append(out, " UTC");
    else
        append_zone(date.zone_minutes, out); /* a zone without a name is called by its offset */
    return true;
}

bool yaml_date_is(const char *text)
{
    struct date date;

    return parse(text, &date);
}
