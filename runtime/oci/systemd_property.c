/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/oci/systemd_property.h"

#include <ctype.h>
#include <string.h>

#include "common/text.h"

static const char *skip_blanks(const char *at)
{
    return at + strspn(at, " \t");
}

/* "uint64 5" is 5, "@as ['x']" is ['x']. */
static const char *skip_type(const char *at)
{
    static const char *const types[] = {"boolean", "byte",   "int16",  "uint16", "int32", "uint32",
                                        "int64",   "uint64", "handle", "double", "string"};

    at = skip_blanks(at);
    if (*at == '@')
        return skip_blanks(at + strcspn(at, " \t"));
    for (size_t i = 0; i < ARRAY_LENGTH(types); i++) {
        size_t length = strlen(types[i]);

        if (string_starts_with(at, types[i]) && (at[length] == ' ' || at[length] == '\t'))
            return skip_blanks(at + length);
    }
    return at;
}

/* What stands between quotes; NULL when that has no end, or is not for a line. */
static const char *take_string(const char *at, struct text *out)
{
    char quote = *at++;

    for (; *at && *at != quote; at++) {
        if (*at == '\\')
            at++;
        if (iscntrl((unsigned char)*at))
            return NULL;
        text_append_char(out, *at);
    }
    return *at == quote ? at + 1 : NULL;
}

/* A number, true or false. */
static const char *take_word(const char *at, struct text *out)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.";
    size_t length = strspn(at, allowed);

    text_append_bytes(out, at, length);
    return length > 0 ? at + length : NULL;
}

static const char *take_scalar(const char *at, struct text *out)
{
    at = skip_type(at);
    at = *at == '\'' || *at == '"' ? take_string(at, out) : take_word(at, out);
    return at ? skip_blanks(at) : NULL;
}

/* Items become words. */
static const char *take_array(const char *at, struct text *out)
{
    at = skip_blanks(at + 1);
    while (at && *at && *at != ']') {
        if (out->length > 0)
            text_append_char(out, ' ');
        at = take_scalar(at, out);
        if (at && *at == ',')
            at = skip_blanks(at + 1);
        else if (at && *at != ']')
            return NULL;
    }
    return at && *at == ']' ? skip_blanks(at + 1) : NULL;
}

static bool is_name(const char *name)
{
    const char *at = name;

    while (isalpha((unsigned char)*at))
        at++;
    return at != name && *at == '\0';
}

const char *systemd_property_parse(const char *name, const char *value, struct arena *arena)
{
    static const char forever[] = "18446744073709551615";
    scoped_text struct text out = {0};
    const char *at = skip_type(value);

    if (!is_name(name))
        return NULL;
    at = *at == '[' ? take_array(at, &out) : take_scalar(at, &out);
    if (!at || *at)
        return NULL;
    if (!string_ends_with(name, "USec"))
        return arena_printf(arena, "%s=%s", name, text_get(&out));
    return arena_printf(arena, "%.*sSec=%s%s", (int)(strlen(name) - strlen("USec")), name,
                        string_eq(text_get(&out), forever) ? "infinity" : text_get(&out),
                        string_eq(text_get(&out), forever) ? "" : "us");
}
