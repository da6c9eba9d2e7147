/* SPDX-License-Identifier: Apache-2.0 */
#include "common/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void PRINTF_LIKE(2, 0) error_format(struct error *err, const char *format, va_list args)
{
    (void)vsnprintf(err->text, sizeof(err->text), format, args);
}

int error_set(struct error *err, const char *format, ...)
{
    va_list args;

    if (!err)
        return -1;
    err->number = 0;
    err->at = (struct position){0};
    va_start(args, format);
    error_format(err, format, args);
    va_end(args);
    return -1;
}

int error_sys(struct error *err, const char *format, ...)
{
    int number = errno;
    size_t length;
    va_list args;

    if (!err)
        return -1;
    err->number = number;
    err->at = (struct position){0};
    va_start(args, format);
    error_format(err, format, args);
    va_end(args);

    length = strlen(err->text);
    (void)snprintf(err->text + length, sizeof(err->text) - length, ": %s", strerror(number));
    return -1;
}

int error_at(struct error *err, struct position at, const char *format, ...)
{
    va_list args;

    if (!err)
        return -1;
    err->number = 0;
    err->at = at;
    va_start(args, format);
    error_format(err, format, args);
    va_end(args);
    return -1;
}

int error_wrap(struct error *err, const char *format, ...)
{
    char inner[sizeof(err->text)];
    size_t length;
    va_list args;

    if (!err)
        return -1;
    memcpy(inner, err->text, sizeof(inner));
    va_start(args, format);
    error_format(err, format, args);
    va_end(args);

    length = strlen(err->text);
    (void)snprintf(err->text + length, sizeof(err->text) - length, ": %.900s", inner);
    return -1;
}

int error_pass(const struct error *why, struct error *err)
{
    if (err)
        *err = *why;
    return -1;
}
