/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Expands a hostile text. Dollars that are doubled come back single, whatever the text is.
 */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "orchestrator/compose/interpolation.h"

static const char *lookup(void *owner, const char *name)
{
    (void)owner;
    fuzz_require(*name);
    return name[0] == 'E' ? "" : name[0] == 'S' ? "value" : NULL;
}

static void copy(const uint8_t *data, size_t size, struct text *out)
{
    for (size_t i = 0; i < size; i++) {
        if (data[i])
            text_append_char(out, (char)data[i]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct interpolation interpolation = {lookup, NULL, NULL};
    scoped_text struct text plain = {0};
    scoped_text struct text escaped = {0};
    scoped_text struct text out = {0};
    struct error err = {0};

    copy(data, size, &plain);
    if (interpolate(&interpolation, text_get(&plain), &out, &err) < 0)
        fuzz_require(*err.text);
    text_clear(&out);
    for (const char *p = text_get(&plain); *p; p++)
        text_append(&escaped, *p == '$' ? "$$" : (char[]){*p, '\0'});
    fuzz_require(interpolate(&interpolation, text_get(&escaped), &out, &err) == 0);
    fuzz_require(strcmp(text_get(&out), text_get(&plain)) == 0);
    return 0;
}
