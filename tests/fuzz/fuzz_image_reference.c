/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a reference. What is accepted keeps its meaning when it is written and read again. */
#include "tests/fuzz/fuzz.h"

#include "common/text.h"
#include "runtime/image/image_reference.h"

static void expect_same(const char *text, const char *expected, struct arena *arena)
{
    struct image_reference reference;

    fuzz_require(image_reference_parse(text, arena, &reference, NULL) == 0);
    fuzz_require(string_eq(image_reference_format(&reference, arena), expected));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct image_reference reference;
    const char *written;

    if (image_reference_parse(arena_strndup(arena, (const char *)data, size), arena, &reference,
                              NULL) < 0)
        return 0;
    written = image_reference_format(&reference, arena);
    fuzz_require(!strstr(reference.repository, "..") && !strpbrk(written, " \n\t\\\"'"));
    expect_same(written, written, arena);
    expect_same(image_reference_familiar(&reference, arena), written, arena);
    return 0;
}
