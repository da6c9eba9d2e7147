/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads a hostile `.env` file. Every variable has a name; a value in single quotes reads back as
 * itself.
 *
 * Input: mode u8 (odd: raw) | text.
 */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "common/text.h"
#include "orchestrator/compose/dotenv.h"

static const char *lookup(void *owner, const char *name)
{
    (void)owner;
    return name[0] == 'S' ? "value" : NULL;
}

static bool quotable(const char *value)
{
    return !strpbrk(value, "'\\\r");
}

static void read_back(struct arena *arena, const struct variable *variable)
{
    struct dotenv_source source = {.file = "f"};
    struct variables *again = variables_new(arena);

    source.text = arena_printf(arena, "#\n%s='%s'\n", variable->name, variable->value);
    fuzz_require(dotenv_read(arena, &source, again, NULL) == 0);
    fuzz_require(strcmp(variables_get(again, variable->name), variable->value) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct variables *variables = variables_new(arena);
    struct dotenv_source source = {.file = "f", .lookup = lookup};
    struct error err = {0};

    if (size < 1)
        return 0;
    source.raw = data[0] % 2;
    source.text = arena_strndup(arena, (const char *)data + 1, size - 1);
    if (dotenv_read(arena, &source, variables, &err) < 0) {
        fuzz_require(*err.text && err.at.line > 0);
        return 0;
    }
    for (size_t i = 0; i < variables_count(variables); i++) {
        const struct variable *variable = variables_at(variables, i);

        fuzz_require(*variable->name && variable->value);
        if (!source.raw && quotable(variable->value))
            read_back(arena, variable);
    }
    return 0;
}
