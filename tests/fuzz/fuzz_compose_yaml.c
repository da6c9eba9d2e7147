/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loads a hostile Compose file. No crash; and what `config` prints is valid input that prints
 * itself.
 */
#include "tests/fuzz/fuzz.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/fd.h"
#include "orchestrator/compose/compose.h"

static const char *const environment[] = {"HOME=/home/somebody", "SET=value", "EMPTY=", NULL};

/* The reports on a model that loaded; what is in the file is taken for a path to explain, too. */
static void report(const struct compose *compose, const void *bytes, size_t length,
                   struct diagnostics *diagnostics, struct arena *arena)
{
    scoped_text struct text out = {0};
    struct error err = {0};

    compose_report_advice(compose, diagnostics);
    compose_report_support(compose, diagnostics);
    diagnostics_print(diagnostics, &out);
    (void)compose_profiles(compose, arena);
    (void)!compose_explain(compose, "services.a.ports[0]", &out, &err);
    (void)!compose_explain(compose, arena_strndup(arena, bytes, length), &out, &err);
}

/* The same file without expanding variables: other short forms stay what they are. */
static void load_raw(struct compose_options options)
{
    scoped(diagnostics_free) struct diagnostics *diagnostics = diagnostics_new();
    scoped(compose_free) struct compose *compose = NULL;
    scoped(arena_free) struct arena *arena = arena_new();
    scoped_text struct text out = {0};
    size_t count;

    options.no_interpolate = true;
    if (compose_load(&options, diagnostics, &compose) < 0)
        return;
    (void)compose_variable_uses(compose, arena, &count);
    compose_print_yaml(compose, &out);
    compose_print_json(compose, &out);
}

/* The file's `config`, or false when it does not load. */
static bool load(const void *bytes, size_t length, struct text *out)
{
    scoped(diagnostics_free) struct diagnostics *diagnostics = diagnostics_new();
    scoped(compose_free) struct compose *compose = NULL;
    scoped(arena_free) struct arena *arena = arena_new();
    scoped_fd int fd = memfd_create("compose", MFD_CLOEXEC);
    struct compose_options options = {.environment = environment,
                                      .working_dir = "/nonexistent",
                                      .project_directory = "/nonexistent",
                                      .project_name = "fuzz"};

    fuzz_require(fd >= 0 && fd_write_all(fd, bytes, length) == 0);
    string_list_add(arena, &options.files, arena_printf(arena, "/proc/self/fd/%d", fd));
    string_list_add(arena, &options.profiles, "*");
    load_raw(options);
    if (compose_load(&options, diagnostics, &compose) < 0) {
        fuzz_require(diagnostics_count(diagnostics, SEVERITY_ERROR) > 0);
        diagnostics_print(diagnostics, out);
        return false;
    }
    fuzz_require(compose_project(compose) != NULL);
    report(compose, bytes, length, diagnostics, arena);
    compose_print_json(compose, out);
    text_clear(out);
    compose_print_yaml(compose, out);
    return true;
}

/* Where the reference's output is no fixed point either. Dollars of keys are doubled like all
 * others, but keys are never expanded; a resource whose name is an empty text is printed as "{}"
 * and gets its default name when that is read again. */
static bool may_grow(const uint8_t *data, size_t size, const char *output)
{
    return memchr(data, '$', size) || strstr(output, ": {}\n");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    scoped_text struct text first = {0};
    scoped_text struct text second = {0};

    if (!load(data, size, &first))
        return 0;
    if (!load(text_get(&first), first.length, &second)) {
        (void)fprintf(stderr, "%s\n%s\n", text_get(&first), text_get(&second));
        fuzz_require(false); /* the output loads */
    }
    if (!may_grow(data, size, text_get(&first)) &&
        strcmp(text_get(&first), text_get(&second)) != 0) {
        (void)fprintf(stderr, "%s\n---\n%s\n", text_get(&first), text_get(&second));
        fuzz_require(false); /* the output is a fixed point */
    }
    return 0;
}
