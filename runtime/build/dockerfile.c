/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/build/dockerfile.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "common/text.h"
#include "runtime/build/build_limits.h"
#include "runtime/build/suggestion.h"

/* A file while it is read. */
struct parser {
    struct instruction_reader reader;
    struct dockerfile *dockerfile;
    bool broken; /* an instruction, perhaps a FROM, could not be read */
};

static struct line_reader line_reader_init(const struct dockerfile_source *source,
                                           struct arena *arena)
{
    static const char mark[] = "\xef\xbb\xbf";
    struct line_reader lines = {.arena = arena,
                                .file = arena_strdup(arena, source->file),
                                .next = source->bytes,
                                .end = source->bytes + source->length,
                                .line = 1,
                                .escape = '\\'};

    if (source->length >= 3 && memcmp(source->bytes, mark, 3) == 0)
        lines.next += 3;
    return lines;
}

static int check_source(const struct dockerfile_source *source, struct diagnostics *diagnostics)
{
    struct position at = {source->file, 0, 0};

    if (source->length > LIMIT_DOCKERFILE_BYTES)
        diagnostics_error(diagnostics, at, NULL, "the file is larger than %d bytes",
                          LIMIT_DOCKERFILE_BYTES);
    else if (source->length > 0 && memchr(source->bytes, '\0', source->length))
        diagnostics_error(diagnostics, at, NULL, "the file is no text: it holds a zero byte");
    else
        return 0;
    return -1;
}

/* Counts a stage or a global ARG; says what stands where it cannot. */
static void count_instruction(struct parser *parser, const struct instruction *instruction)
{
    struct dockerfile *dockerfile = parser->dockerfile;

    if (instruction->kind == INSTRUCTION_FROM)
        dockerfile->n_stages++;
    else if (dockerfile->n_stages == 0 && instruction->kind == INSTRUCTION_ARG)
        dockerfile->n_globals++;
    else if (dockerfile->n_stages == 0 && !parser->broken)
        diagnostics_error(parser->reader.diagnostics, instruction->at,
                          instruction_name(instruction->kind),
                          "stands before the first FROM, where only ARG may");
}

/* False, with a mistake, when there are more than there is room for. */
static bool check_room(const struct parser *parser, struct position at)
{
    const struct dockerfile *dockerfile = parser->dockerfile;

    if (dockerfile->n_instructions > LIMIT_DOCKERFILE_INSTRUCTIONS)
        diagnostics_error(parser->reader.diagnostics, at, NULL, "there are too many instructions");
    else if (dockerfile->n_stages > LIMIT_DOCKERFILE_STAGES)
        diagnostics_error(parser->reader.diagnostics, at, NULL, "there are too many stages");
    else
        return true;
    return false;
}

/* Reads all of them; stages are counted, and made when the array no longer moves. */
static void read_instructions(struct parser *parser)
{
    struct dockerfile *dockerfile = parser->dockerfile;
    struct arena *arena = parser->reader.lines->arena;
    struct logical_line line;

    while (line_reader_next(parser->reader.lines, &line)) {
        struct instruction instruction;

        if (!instruction_read(&parser->reader, &line, &instruction)) {
            parser->broken = true;
            continue;
        }
        dockerfile->instructions =
            arena_room(arena, dockerfile->instructions, dockerfile->n_instructions);
        dockerfile->instructions[dockerfile->n_instructions++] = instruction;
        count_instruction(parser, &instruction);
        if (!check_room(parser, instruction.at))
            return;
    }
}

static const char *lower_case(struct arena *arena, const char *text)
{
    char *copy = arena_strdup(arena, text);

    for (char *p = copy; *p; p++)
        *p = (char)tolower((unsigned char)*p);
    return copy;
}

static void make_stages(struct arena *arena, struct dockerfile *dockerfile)
{
    struct stage *stage = NULL;
    size_t count = 0;

    dockerfile->stages = arena_new_array(arena, struct stage, dockerfile->n_stages);
    for (size_t i = 0; i < dockerfile->n_instructions; i++) {
        const struct instruction *instruction = &dockerfile->instructions[i];

        if (instruction->kind == INSTRUCTION_FROM) {
            stage = &dockerfile->stages[count];
            stage->index = count++;
            stage->from = instruction;
            stage->instructions = instruction + 1;
            if (instruction->words.count == 3)
                stage->name = lower_case(arena, instruction->words.items[2].text);
        } else if (stage) {
            stage->n_instructions++;
        }
    }
}

int dockerfile_parse(const struct dockerfile_source *source, struct arena *arena,
                     struct diagnostics *diagnostics, struct dockerfile *ret_dockerfile)
{
    size_t errors = diagnostics_count(diagnostics, SEVERITY_ERROR);
    struct line_reader lines = line_reader_init(source, arena);
    struct dockerfile dockerfile = {.file = lines.file};
    struct parser parser = {.reader = {.lines = &lines, .diagnostics = diagnostics},
                            .dockerfile = &dockerfile};

    if (check_source(source, diagnostics) < 0)
        return -1;
    directives_read(&lines, diagnostics, &dockerfile.directives);
    read_instructions(&parser);
    if (diagnostics_count(diagnostics, SEVERITY_ERROR) == errors && dockerfile.n_stages == 0)
        diagnostics_error(diagnostics, (struct position){lines.file, 0, 0}, NULL,
                          "there is no FROM, so nothing to build");
    if (diagnostics_count(diagnostics, SEVERITY_ERROR) > errors)
        return -1;
    make_stages(arena, &dockerfile);
    *ret_dockerfile = dockerfile;
    return 0;
}

int dockerfile_parse_trigger(const struct dockerfile_source *source, struct arena *arena,
                             struct diagnostics *diagnostics, struct instruction *ret_instruction)
{
    struct line_reader lines = line_reader_init(source, arena);
    struct instruction_reader reader = {
        .lines = &lines, .diagnostics = diagnostics, .in_trigger = true};
    struct instruction instruction;
    struct logical_line line;

    if (check_source(source, diagnostics) < 0)
        return -1;
    if (!line_reader_next(&lines, &line)) {
        diagnostics_error(diagnostics, (struct position){lines.file, 0, 0}, "ONBUILD",
                          "there is no instruction");
        return -1;
    }
    if (!instruction_read(&reader, &line, &instruction))
        return -1;
    *ret_instruction = instruction;
    return 0;
}

const struct stage *dockerfile_stage_named(const struct dockerfile *dockerfile, const char *name,
                                           size_t limit)
{
    for (size_t i = limit; i > 0; i--) {
        const struct stage *stage = &dockerfile->stages[i - 1];

        if (stage->name && strcasecmp(stage->name, name) == 0)
            return stage;
    }
    return NULL;
}

static int fail_target(const struct dockerfile *dockerfile, const char *target, struct error *err)
{
    const char *names[LIMIT_DOCKERFILE_STAGES];
    struct suggestion suggestion = {target, names, 0, NULL};

    for (size_t i = 0; i < dockerfile->n_stages; i++) {
        if (dockerfile->stages[i].name)
            names[suggestion.count++] = dockerfile->stages[i].name;
    }
    return suggestion_fail(&suggestion, "there is no stage", err);
}

int dockerfile_find_target(const struct dockerfile *dockerfile, const char *target,
                           const struct stage **ret_stage, struct error *err)
{
    const struct stage *stage = NULL;
    unsigned long long number;

    if (!target || !*target) {
        stage = &dockerfile->stages[dockerfile->n_stages - 1];
    } else {
        stage = dockerfile_stage_named(dockerfile, target, dockerfile->n_stages);
        if (!stage && string_to_u64(target, dockerfile->n_stages - 1, &number))
            stage = &dockerfile->stages[number];
    }
    if (!stage)
        return fail_target(dockerfile, target, err);
    *ret_stage = stage;
    return 0;
}
