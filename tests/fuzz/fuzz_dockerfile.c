/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads a hostile Dockerfile, goes through its stages, and lists its bases.
 *
 * What was read has its place: the character at a word's position is the word's first one. Written
 * without continuations and comments it says the same again, and so it does with other line ends.
 * A word whose special characters are escaped expands to itself.
 */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "runtime/build/bases.h"
#include "runtime/build/build_graph.h"
#include "runtime/build/evaluation.h"
#include "runtime/build/expansion.h"
#include "runtime/build/lint.h"
#include "tests/unit/runtime/build/dockerfile_dump.h"

static const struct build_arguments arguments = {
    .values = {.items = (const char *[]){"A=given", "BASE=alpine:3", NULL}, .count = 2},
    .platform = "linux/amd64",
    .build_platform = "linux/amd64",
};

/* What is at a position, or '\0'. */
static char char_at(const struct dockerfile_source *source, struct position at)
{
    const char *p = source->bytes, *end = p + source->length;
    unsigned line = 1;

    if (source->length >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0)
        p += 3;
    for (; line < at.line && p < end; p++)
        line += *p == '\n';
    fuzz_require(line == at.line && at.column > 0);
    return (size_t)(end - p) >= at.column ? p[at.column - 1] : '\0';
}

static void check_words(const struct dockerfile_source *source,
                        const struct instruction *instruction)
{
    fuzz_require(char_at(source, instruction->at) == *instruction->keyword);
    for (size_t i = 0; i < instruction->words.count; i++) {
        const struct word *word = &instruction->words.items[i];

        fuzz_require(char_at(source, word->at) == (instruction->json ? '"' : *word->text));
    }
    for (size_t i = 0; i < instruction->n_pairs; i++) {
        const struct word_pair *pair = &instruction->pairs[i];

        fuzz_require(char_at(source, pair->name.at) == *pair->name.text);
        if (pair->value.text && *pair->value.text)
            fuzz_require(char_at(source, pair->value.at) == *pair->value.text);
    }
    for (size_t i = 0; i < instruction->n_flags; i++)
        fuzz_require(char_at(source, instruction->flags[i].at) == '-');
    if (instruction->trigger)
        check_words(source, instruction->trigger);
}

static void check_same(struct arena *arena, const struct dockerfile *dockerfile, const char *bytes,
                       size_t length)
{
    scoped(diagnostics_free) struct diagnostics *diagnostics = diagnostics_new();
    struct dockerfile_source source = {"again", bytes, length};
    scoped_text struct text first = {0}, second = {0};
    struct dockerfile again;

    fuzz_require(dockerfile_parse(&source, arena, diagnostics, &again) == 0);
    dockerfile_dump(dockerfile, false, &first);
    dockerfile_dump(&again, false, &second);
    fuzz_require(strcmp(text_get(&first), text_get(&second)) == 0);
}

/* CR LF in the place of LF; here-documents keep line ends, so they are left alone. */
static void check_line_ends(struct arena *arena, const struct dockerfile *dockerfile,
                            const struct dockerfile_source *source)
{
    scoped_text struct text other = {0};

    if (memchr(source->bytes, '\r', source->length))
        return;
    for (size_t i = 0; i < dockerfile->n_instructions; i++) {
        const struct instruction *instruction = &dockerfile->instructions[i];

        if (instruction->heredocs.count > 0 ||
            (instruction->trigger && instruction->trigger->heredocs.count > 0))
            return;
    }
    for (size_t i = 0; i < source->length; i++) {
        if (source->bytes[i] == '\n')
            text_append_char(&other, '\r');
        text_append_char(&other, source->bytes[i]);
    }
    check_same(arena, dockerfile, text_get(&other), other.length);
}

static void check_again(struct arena *arena, const struct dockerfile *dockerfile)
{
    scoped_text struct text rendered = {0};

    dockerfile_render(dockerfile, &rendered);
    check_same(arena, dockerfile, text_get(&rendered), rendered.length);
}

static void evaluate(struct arena *arena, const struct dockerfile *dockerfile)
{
    scoped(diagnostics_free) struct diagnostics *diagnostics = diagnostics_new();
    struct build_graph_source source = {dockerfile, &arguments, NULL};
    struct build_graph graph;

    if (build_graph_make(&source, arena, diagnostics, &graph) < 0) {
        fuzz_require(diagnostics_count(diagnostics, SEVERITY_ERROR) > 0);
        return;
    }
    fuzz_require(graph.n_order > 0 && graph.order[graph.n_order - 1] == graph.target);
    for (size_t i = 0; i < graph.n_order; i++) {
        const struct stage *stage = &dockerfile->stages[graph.order[i]];
        struct evaluation evaluation = {.arena = arena,
                                        .diagnostics = diagnostics,
                                        .escape = dockerfile->directives.escape,
                                        .arguments = &arguments,
                                        .globals = graph.globals,
                                        .scope = scope_new(arena)};
        struct instruction instruction;

        for (size_t j = 0; j < stage->n_instructions; j++)
            (void)!evaluation_step(&evaluation, &stage->instructions[j], &instruction);
    }
}

/* Checking neither fails nor stops on the first finding. */
static void lint(struct arena *arena, const struct dockerfile *dockerfile)
{
    scoped(diagnostics_free) struct diagnostics *diagnostics = diagnostics_new();
    struct lint_options options = {.arguments = &arguments};

    dockerfile_lint(dockerfile, &options, arena, diagnostics);
}

static void check_escaped(struct arena *arena, const char *bytes, size_t length)
{
    struct expansion expansion = {.arena = arena, .scope = scope_new(arena), .escape = '\\'};
    scoped_text struct text escaped = {0}, out = {0}, plain = {0};
    struct error err;

    for (size_t i = 0; i < length; i++) {
        if (bytes[i] == '\0')
            continue;
        if (strchr("\\'\"$", bytes[i]))
            text_append_char(&escaped, '\\');
        text_append_char(&escaped, bytes[i]);
        text_append_char(&plain, bytes[i]);
    }
    fuzz_require(expansion_word(&expansion, text_get(&escaped), &out, &err) == 0);
    fuzz_require(strcmp(text_get(&out), text_get(&plain)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    scoped(arena_free) struct arena *arena = arena_new();
    scoped(diagnostics_free) struct diagnostics *diagnostics = diagnostics_new();
    struct dockerfile_source source = {"Dockerfile", (const char *)data, size};
    struct base_request request = {source, &arguments, NULL};
    struct dockerfile dockerfile;
    struct base_list bases;

    check_escaped(arena, source.bytes, size);
    if (dockerfile_parse(&source, arena, diagnostics, &dockerfile) < 0) {
        fuzz_require(diagnostics_count(diagnostics, SEVERITY_ERROR) > 0);
        return 0;
    }
    fuzz_require(diagnostics_length(diagnostics) == 0);
    for (size_t i = 0; i < dockerfile.n_instructions; i++)
        check_words(&source, &dockerfile.instructions[i]);
    check_again(arena, &dockerfile);
    check_line_ends(arena, &dockerfile, &source);
    evaluate(arena, &dockerfile);
    lint(arena, &dockerfile);
    (void)!dockerfile_bases(&request, arena, diagnostics, &bases);
    return 0;
}
