/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/compose/number.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The digits and decimal exponent of the shortest scientific form: value = d.ddd * 10^exponent. */
struct decimal {
    char digits[24];
    int n_digits;
    int exponent;
};

static bool reads_back(const char *text, double value, bool single)
{
    if (single)
        return !(strtof(text, NULL) < (float)value) && !(strtof(text, NULL) > (float)value);
    return !(strtod(text, NULL) < value) && !(strtod(text, NULL) > value);
}

static struct decimal shortest(double value, bool single)
{
    struct decimal decimal = {0};
    char text[NUMBER_TEXT_SIZE];
    int most = single ? 9 : 17;

    for (int digits = 1; digits <= most; digits++) {
        (void)snprintf(text, sizeof(text), "%.*e", digits - 1, value);
        if (reads_back(text, value, single))
            break;
    }
    for (const char *p = text; *p && *p != 'e'; p++) {
        if (isdigit((unsigned char)*p))
            decimal.digits[decimal.n_digits++] = *p;
    }
    decimal.exponent = atoi(strchr(text, 'e') + 1);
    return decimal;
}

static void format_plain(const struct decimal *decimal, char *out)
{
    int point = decimal->exponent + 1;

    if (point <= 0) {
        out += sprintf(out, "0.");
        for (int i = point; i < 0; i++)
            *out++ = '0';
        memcpy(out, decimal->digits, (size_t)decimal->n_digits);
        out[decimal->n_digits] = '\0';
        return;
    }
    for (int i = 0; i < point || i < decimal->n_digits; i++) {
        if (i == point)
            *out++ = '.';
        *out++ = i < decimal->n_digits ? decimal->digits[i] : '0';
    }
    *out = '\0';
}

static void format_exponent(const struct decimal *decimal, bool json, char *out)
{
    int exponent = abs(decimal->exponent);

    *out++ = decimal->digits[0];
    if (decimal->n_digits > 1) {
        *out++ = '.';
        memcpy(out, decimal->digits + 1, (size_t)decimal->n_digits - 1);
        out += decimal->n_digits - 1;
    }
    (void)sprintf(out, json && decimal->exponent < 0 ? "e%c%d" : "e%c%02d",
                  decimal->exponent < 0 ? '-' : '+', exponent);
}

static void format_number(double value, bool single, bool json, char *out)
{
    struct decimal decimal;

    if (single)
        value = (float)value;
    if (isnan(value) || isinf(value)) {
        (void)strcpy(out, isnan(value) ? "NaN" : value < 0 ? "-Inf" : "+Inf");
        return;
    }
    if (signbit(value)) {
        *out++ = '-';
        value = -value;
    }
    if (!(value > 0)) {
        (void)strcpy(out, "0");
        return;
    }
    decimal = shortest(value, single);
    if (decimal.exponent < (json ? -6 : -4) || decimal.exponent >= 21)
        format_exponent(&decimal, json, out);
    else
        format_plain(&decimal, out);
}

void number_format(double value, bool single, char ret_text[NUMBER_TEXT_SIZE])
{
    format_number(value, single, false, ret_text);
}

void number_format_json(double value, bool single, char ret_text[NUMBER_TEXT_SIZE])
{
    format_number(value, single, true, ret_text);
}

bool number_parse_int(const char *text, int64_t *ret_value)
{
    char *end;
    long long value;

    if (!isdigit((unsigned char)text[*text == '-' || *text == '+']))
        return false;
    errno = 0;
    value = strtoll(text, &end, 10);
    if (errno || *end)
        return false;
    *ret_value = value;
    return true;
}

bool number_parse_float(const char *text, double *ret_value)
{
    char *end;
    double value;

    if (!*text || strspn(text, "0123456789+-.eE") != strlen(text))
        return false;
    errno = 0;
    value = strtod(text, &end);
    if (*end || end == text || (errno == ERANGE && isinf(value)))
        return false;
    *ret_value = value;
    return true;
}

bool number_parse_octal(const char *text, int64_t *ret_value)
{
    char *end;
    long long value;

    if (text[0] == '0' && (text[1] == 'o' || text[1] == 'O'))
        text += 2;
    if (!isdigit((unsigned char)*text))
        return false;
    errno = 0;
    value = strtoll(text, &end, 8);
    if (errno || *end)
        return false;
    *ret_value = value;
    return true;
}
