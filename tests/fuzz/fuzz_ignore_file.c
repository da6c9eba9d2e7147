/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads a hostile `.dockerignore` and asks for a path. What holds for a directory holds for what is
 * in it, unless a line brings things back.
 *
 * Input: path | NUL | text.
 */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "common/path.h"
#include "runtime/build/ignore_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    scoped(arena_free) struct arena *arena = arena_new();
    const uint8_t *end = memchr(data, 0, size);
    struct ignore_file ignore;
    struct error err = {0};
    const char *path;

    if (!end)
        return 0;
    path = path_clean(arena, arena_printf(arena, "/%s", (const char *)data)) + 1;
    if (ignore_file_parse((const char *)end + 1, size - (size_t)(end + 1 - data), arena, &ignore,
                          &err) < 0) {
        fuzz_require(*err.text);
        return 0;
    }
    if (*path && ignore_file_matches(&ignore, path) && !ignore.brings_back)
        fuzz_require(ignore_file_matches(&ignore, arena_printf(arena, "%s/below", path)));
    return 0;
}
