/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a lock file. What is accepted is written and read again to the same text. */
#include "tests/fuzz/fuzz.h"

#include "orchestrator/cli/image/lock_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    scoped(arena_free) struct arena *arena = arena_new();
    scoped_text struct text once = {0}, twice = {0};
    struct lock_file lock, again;
    struct error err = {0};

    if (lock_file_parse((const char *)data, size, "compose.lock", arena, &lock, &err) < 0) {
        fuzz_require(*err.text && err.at.file && err.at.line > 0);
        return 0;
    }
    lock_file_format(&lock, &once);
    fuzz_require(lock_file_parse(once.data, once.length, "compose.lock", arena, &again, NULL) == 0);
    lock_file_format(&again, &twice);
    fuzz_require(string_eq(once.data, twice.data));
    for (size_t i = 0; i < lock.n_images; i++)
        fuzz_require(lock_file_find(&again, lock.images[i].reference));
    return 0;
}
