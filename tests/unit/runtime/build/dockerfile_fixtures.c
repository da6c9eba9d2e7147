/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs the cases of tests/fixtures/dockerfile: dockerfile_fixtures DIRECTORY [PATTERN...]
 *
 *   valid/CASE/Dockerfile    expected.txt has the model, each stage with values in place, and the
 *                            bases
 *   invalid/CASE/Dockerfile  expected.txt has the mistakes
 *   check/CASE/Dockerfile    expected.txt has what `build --check` finds
 *
 * CASE/options may hold lines `arg NAME=VALUE`, `target NAME`, `platform NAME`, `context NAME`,
 * `ignored PATH`, `env NAME=VALUE` (of every base image; for check: of the one that is called
 * `known`). The machine is a linux/amd64.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "common/file.h"
#include "common/text.h"
#include "runtime/build/bases.h"
#include "runtime/build/build_graph.h"
#include "runtime/build/evaluation.h"
#include "runtime/build/lint.h"
#include "tests/unit/fixture_runner.h"
#include "tests/unit/runtime/build/dockerfile_dump.h"

enum { MAX_FILE_BYTES = 4 * 1024 * 1024 };

struct fixture {
    struct arena *arena;
    const char *directory;
    struct dockerfile_source source;
    struct build_arguments arguments;
    struct string_list contexts, ignored, environment;
    struct diagnostics *diagnostics;
};

static const char *const kinds[] = {"valid", "invalid", "check"};
enum { KIND_VALID, KIND_INVALID, KIND_CHECK, N_KINDS };

static bool read_file(struct fixture *fixture, const char *name, const char **ret_text,
                      size_t *ret_length)
{
    scoped_text struct text text = {0};
    const char *path = arena_printf(fixture->arena, "%s/%s", fixture->directory, name);
    bool exists;

    if (file_read(AT_FDCWD, path, MAX_FILE_BYTES, &text, &exists, NULL) < 0 || !exists)
        return false;
    *ret_text = arena_strndup(fixture->arena, text_get(&text), text.length);
    *ret_length = text.length;
    return true;
}

static void read_option(struct fixture *fixture, const char *line)
{
    struct arena *arena = fixture->arena;
    const char *blank = strchr(line, ' ');

    if (!blank)
        return;
    if (string_starts_with(line, "arg "))
        string_list_add(arena, &fixture->arguments.values, blank + 1);
    else if (string_starts_with(line, "target "))
        fixture->arguments.target = blank + 1;
    else if (string_starts_with(line, "platform "))
        fixture->arguments.platform = blank + 1;
    else if (string_starts_with(line, "context "))
        string_list_add(arena, &fixture->contexts, blank + 1);
    else if (string_starts_with(line, "ignored "))
        string_list_add(arena, &fixture->ignored, blank + 1);
    else if (string_starts_with(line, "env "))
        string_list_add(arena, &fixture->environment, blank + 1);
}

static void read_options(struct fixture *fixture)
{
    const char *options;
    char *text, *place = NULL;
    size_t length;

    fixture->arguments.build_platform = "linux/amd64";
    fixture->arguments.platform = "linux/amd64";
    if (!read_file(fixture, "options", &options, &length))
        return;
    text = arena_strdup(fixture->arena, options);
    for (char *line = strtok_r(text, "\n", &place); line; line = strtok_r(NULL, "\n", &place))
        read_option(fixture, line);
}

static void print_diagnostics(const struct fixture *fixture, struct text *out)
{
    for (size_t i = 0; i < diagnostics_length(fixture->diagnostics); i++) {
        const struct diagnostic *entry = diagnostics_get(fixture->diagnostics, i);

        text_appendf(out, "%s:%u:%u: %s: %s%s%s%s%s%s\n", entry->at.file, entry->at.line,
                     entry->at.column, entry->severity == SEVERITY_ERROR ? "error" : "warning",
                     entry->path ? entry->path : "", entry->path ? ": " : "", entry->message,
                     entry->hint ? " (" : "", entry->hint ? entry->hint : "",
                     entry->hint ? ")" : "");
    }
}

static void print_stage(struct fixture *fixture, const struct dockerfile *dockerfile,
                        const struct build_graph *graph, size_t index, struct text *out)
{
    const struct stage *stage = &dockerfile->stages[index];
    struct scope *scope = scope_new(fixture->arena);
    struct evaluation evaluation = {.arena = fixture->arena,
                                    .diagnostics = fixture->diagnostics,
                                    .escape = dockerfile->directives.escape,
                                    .arguments = &fixture->arguments,
                                    .globals = graph->globals,
                                    .scope = scope};
    struct instruction instruction;

    text_appendf(out, "stage %zu %s%s on %s\n", index, stage->name ? stage->name : "-",
                 graph->nodes[index].needed ? "" : " (not needed)", graph->nodes[index].platform);
    if (scope_set_environment(scope, &fixture->environment, NULL) < 0)
        return;
    for (size_t i = 0; i < stage->n_instructions; i++) {
        if (evaluation_step(&evaluation, &stage->instructions[i], &instruction) < 0)
            continue;
        text_append(out, "  ");
        instruction_dump(&instruction, true, out);
    }
}

static void print_bases(struct fixture *fixture, struct text *out)
{
    struct base_request request = {fixture->source, &fixture->arguments, &fixture->contexts};
    struct base_list bases = {0};

    if (dockerfile_bases(&request, fixture->arena, fixture->diagnostics, &bases) < 0)
        return;
    for (size_t i = 0; i < bases.count; i++)
        text_appendf(out, "base %s on %s at %u:%u\n", bases.items[i].reference,
                     bases.items[i].platform, bases.items[i].at.line, bases.items[i].at.column);
}

/* The model and all that comes of it, or the mistakes that stop it. */
static bool run_model(struct fixture *fixture, struct text *out)
{
    struct dockerfile dockerfile;
    struct build_graph_source source = {&dockerfile, &fixture->arguments, &fixture->contexts};
    struct build_graph graph;

    if (dockerfile_parse(&fixture->source, fixture->arena, fixture->diagnostics, &dockerfile) < 0)
        return false;
    dockerfile_dump(&dockerfile, true, out);
    if (build_graph_make(&source, fixture->arena, fixture->diagnostics, &graph) < 0)
        return false;
    for (size_t i = 0; i < dockerfile.n_stages; i++)
        print_stage(fixture, &dockerfile, &graph, i, out);
    print_bases(fixture, out);
    return diagnostics_length(fixture->diagnostics) == 0;
}

static bool is_ignored(void *owner, const char *path)
{
    const struct fixture *fixture = owner;

    return string_list_has(&fixture->ignored, path);
}

/* Says what is found; false when there is something. */
static bool run_check(struct fixture *fixture)
{
    const struct lint_base bases[] = {
        {"known", fixture->environment, {"linux", "amd64", ""}},
        {"foreign", fixture->environment, {"linux", "arm64", "v8"}},
    };
    struct lint_options options = {&fixture->arguments, bases, ARRAY_LENGTH(bases), is_ignored,
                                   fixture};
    struct dockerfile dockerfile;

    if (dockerfile_parse(&fixture->source, fixture->arena, fixture->diagnostics, &dockerfile) == 0)
        dockerfile_lint(&dockerfile, &options, fixture->arena, fixture->diagnostics);
    return diagnostics_length(fixture->diagnostics) == 0;
}

static bool check(struct fixture *fixture, size_t kind)
{
    scoped_text struct text out = {0};
    const char *expected = NULL;
    size_t length;
    bool good, right;

    read_options(fixture);
    fixture->source.file = "Dockerfile";
    if (!read_file(fixture, "Dockerfile", &fixture->source.bytes, &fixture->source.length))
        return false;
    good = kind == KIND_CHECK ? run_check(fixture) : run_model(fixture, &out);
    if (kind != KIND_VALID || !good) {
        text_clear(&out);
        print_diagnostics(fixture, &out);
    }
    (void)read_file(fixture, "expected.txt", &expected, &length);
    /* A check that finds nothing is as good as one that does. */
    right = kind == KIND_CHECK || good == (kind == KIND_VALID);
    if (right && expected && strcmp(expected, text_get(&out)) == 0)
        return true;
    printf("# %s\n%s# end\n", right ? "differs" : "goes the wrong way", text_get(&out));
    return false;
}

static bool run(const char *directory, size_t kind)
{
    scoped(arena_free) struct arena *arena = arena_new();
    scoped(diagnostics_free) struct diagnostics *diagnostics = diagnostics_new();
    struct fixture fixture = {.arena = arena, .directory = directory, .diagnostics = diagnostics};

    return check(&fixture, kind);
}

int main(int argc, char **argv)
{
    return fixture_runner_main(&(struct fixture_runner){kinds, N_KINDS, run}, argc, argv);
}
