/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/worker/timestamp.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/text.h"
#include "common/units.h"

/* "Z", "+01:00" or nothing, in seconds east of Greenwich. */
static bool parse_zone(const char *text, int64_t *ret_seconds)
{
    unsigned hours, minutes;
    int length = 0;

    *ret_seconds = 0;
    if (string_eq(text, "") || string_eq(text, "Z") || string_eq(text, "z"))
        return true;
    if ((*text != '+' && *text != '-') ||
        sscanf(text + 1, "%2u:%2u%n", &hours, &minutes, &length) != 2 || text[1 + length] ||
        hours > 23 || minutes > 59)
        return false;
    *ret_seconds = (int64_t)(hours * 60 + minutes) * 60 * (*text == '-' ? -1 : 1);
    return true;
}

bool timestamp_parse(const char *text, int64_t *ret_seconds)
{
    struct tm moment = {0};
    const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &moment);
    int64_t east;

    if (!rest) {
        moment = (struct tm){0};
        rest = strptime(text, "%Y-%m-%d", &moment);
    }
    if (!rest)
        return false;
    if (*rest == '.')
        rest += 1 + strspn(rest + 1, "0123456789");
    if (!parse_zone(rest, &east))
        return false;
    *ret_seconds = (int64_t)timegm(&moment) - east;
    return true;
}

bool timestamp_parse_moment(const char *text, int64_t now, int64_t *ret_seconds)
{
    unsigned long long seconds;
    int64_t ago_ns;

    if (string_to_u64(text, INT64_MAX, &seconds)) {
        *ret_seconds = (int64_t)seconds;
        return true;
    }
    if (duration_parse(text, &ago_ns) && ago_ns >= 0) {
        *ret_seconds = now - ago_ns / 1000000000;
        return true;
    }
    return timestamp_parse(text, ret_seconds);
}

char *timestamp_format(int64_t seconds, struct arena *arena)
{
    time_t when = (time_t)seconds;
    char text[64] = "";
    struct tm utc;

    if (!gmtime_r(&when, &utc) || strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &utc) == 0)
        return arena_strdup(arena, "0001-01-01T00:00:00Z");
    return arena_strdup(arena, text);
}
