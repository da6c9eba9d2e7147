/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads a hostile text as every kind of number that a Compose file may hold: duration, size,
 * integer, float, octal permissions, boolean. What is read must survive being printed and read
 * again, because `config` prints it and must be a fixed point.
 */
#include "tests/fuzz/fuzz.h"

#include <math.h>
#include <string.h>

#include "common/arena.h"
#include "common/text.h"
#include "common/units.h"
#include "orchestrator/compose/expand.h"
#include "orchestrator/compose/number.h"

static void read_duration(const char *text)
{
    scoped_text struct text out = {0};
    int64_t ns, again;

    if (!duration_parse(text, &ns))
        return;
    duration_format(ns, &out);
    fuzz_require(duration_parse(text_get(&out), &again) && again == ns);
}

static void read_bytes(const char *text)
{
    scoped_text struct text decimal = {0}, people = {0};
    int64_t bytes, again;

    if (!bytes_parse(text, &bytes))
        return;
    text_appendf(&decimal, "%lld", (long long)bytes);
    fuzz_require(bytes_parse(text_get(&decimal), &again) && again == bytes);
    /* The form for people goes on to EiB, which the specification does not know. */
    bytes_format((uint64_t)bytes, &people);
    fuzz_require(bytes < 0 || bytes >= 1LL << 60 || bytes_parse(text_get(&people), &again));
}

static void read_integers(const char *text)
{
    scoped_text struct text decimal = {0}, octal = {0};
    int64_t value, again;

    if (number_parse_int(text, &value)) {
        text_appendf(&decimal, "%lld", (long long)value);
        fuzz_require(number_parse_int(text_get(&decimal), &again) && again == value);
    }
    if (number_parse_octal(text, &value)) {
        fuzz_require(value >= 0);
        text_appendf(&octal, "0%llo", (unsigned long long)value);
        fuzz_require(number_parse_octal(text_get(&octal), &again) && again == value);
    }
}

static bool same(double left, double right)
{
    return !(left < right) && !(left > right);
}

static void read_float(const char *text)
{
    char printed[NUMBER_TEXT_SIZE];
    double value, again;

    if (!number_parse_float(text, &value))
        return;
    fuzz_require(isfinite(value));
    number_format(value, false, printed);
    fuzz_require(number_parse_float(printed, &again) && same(value, again));
    number_format_json(value, false, printed);
    fuzz_require(number_parse_float(printed, &again) && same(value, again));
    /* Read as a float at once: by way of a double it could be rounded twice. */
    number_format(value, true, printed);
    if (isfinite((float)value))
        fuzz_require(same((float)value, strtof(printed, NULL)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    scoped(arena_free) struct arena *arena = arena_new();
    const char *text = arena_strndup(arena, (const char *)data, size);
    bool boolean;

    read_duration(text);
    read_bytes(text);
    read_integers(text);
    read_float(text);
    if (boolean_parse(text, &boolean))
        fuzz_require(strlen(text) <= strlen("false"));
    return 0;
}
