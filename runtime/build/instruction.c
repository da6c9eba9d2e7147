/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/build/instruction.h"

#include <string.h>
#include <strings.h>

#include "common/text.h"
#include "runtime/build/arguments.h"
#include "runtime/build/build_limits.h"
#include "runtime/build/instruction_check.h"
#include "runtime/build/suggestion.h"

/* How an instruction's arguments are written. */
enum argument_form {
    FORM_WORDS,       /* words between blanks */
    FORM_LIST,        /* a JSON array, or words between blanks */
    FORM_COMMAND,     /* a JSON array, or a command line */
    FORM_TEXT,        /* one text */
    FORM_PAIRS,       /* NAME=VALUE..., or NAME VALUE */
    FORM_DEFAULTS,    /* NAME[=VALUE]... */
    FORM_HEALTHCHECK, /* NONE, or CMD and a command */
    FORM_TRIGGER,     /* another instruction */
};

#define COPY_FLAGS                                                                                 \
    (FLAG_BIT(FLAG_CHOWN) | FLAG_BIT(FLAG_CHMOD) | FLAG_BIT(FLAG_LINK) | FLAG_BIT(FLAG_EXCLUDE))

static const struct instruction_form {
    const char *name;
    enum argument_form form;
    bool heredocs;
    unsigned flags;
} instruction_forms[N_INSTRUCTIONS] = {
    [INSTRUCTION_ADD] = {"ADD", FORM_LIST, true,
                         COPY_FLAGS | FLAG_BIT(FLAG_CHECKSUM) | FLAG_BIT(FLAG_KEEP_GIT_DIR) |
                             FLAG_BIT(FLAG_UNPACK)},
    [INSTRUCTION_ARG] = {"ARG", FORM_DEFAULTS, false, 0},
    [INSTRUCTION_CMD] = {"CMD", FORM_COMMAND, false, 0},
    [INSTRUCTION_COPY] = {"COPY", FORM_LIST, true,
                          COPY_FLAGS | FLAG_BIT(FLAG_FROM) | FLAG_BIT(FLAG_PARENTS)},
    [INSTRUCTION_ENTRYPOINT] = {"ENTRYPOINT", FORM_COMMAND, false, 0},
    [INSTRUCTION_ENV] = {"ENV", FORM_PAIRS, false, 0},
    [INSTRUCTION_EXPOSE] = {"EXPOSE", FORM_WORDS, false, 0},
    [INSTRUCTION_FROM] = {"FROM", FORM_WORDS, false, FLAG_BIT(FLAG_PLATFORM)},
    [INSTRUCTION_HEALTHCHECK] = {"HEALTHCHECK", FORM_HEALTHCHECK, false,
                                 FLAG_BIT(FLAG_INTERVAL) | FLAG_BIT(FLAG_TIMEOUT) |
                                     FLAG_BIT(FLAG_START_PERIOD) | FLAG_BIT(FLAG_START_INTERVAL) |
                                     FLAG_BIT(FLAG_RETRIES)},
    [INSTRUCTION_LABEL] = {"LABEL", FORM_PAIRS, false, 0},
    [INSTRUCTION_MAINTAINER] = {"MAINTAINER", FORM_TEXT, false, 0},
    [INSTRUCTION_ONBUILD] = {"ONBUILD", FORM_TRIGGER, false, 0},
    [INSTRUCTION_RUN] = {"RUN", FORM_COMMAND, true,
                         FLAG_BIT(FLAG_MOUNT) | FLAG_BIT(FLAG_NETWORK) | FLAG_BIT(FLAG_SECURITY) |
                             FLAG_BIT(FLAG_DEVICE)},
    [INSTRUCTION_SHELL] = {"SHELL", FORM_COMMAND, false, 0},
    [INSTRUCTION_STOPSIGNAL] = {"STOPSIGNAL", FORM_TEXT, false, 0},
    [INSTRUCTION_USER] = {"USER", FORM_TEXT, false, 0},
    [INSTRUCTION_VOLUME] = {"VOLUME", FORM_LIST, false, 0},
    [INSTRUCTION_WORKDIR] = {"WORKDIR", FORM_TEXT, false, 0},
};

const char *instruction_name(enum instruction_kind kind)
{
    return instruction_forms[kind].name;
}

const struct flag *instruction_flag(const struct instruction *instruction, enum flag_kind kind)
{
    for (size_t i = 0; i < instruction->n_flags; i++) {
        if (instruction->flags[i].kind == kind)
            return &instruction->flags[i];
    }
    return NULL;
}

const char *instruction_flag_value(const struct instruction *instruction, enum flag_kind kind)
{
    const struct flag *flag = instruction_flag(instruction, kind);

    return flag ? flag->value.text : NULL;
}

const struct heredoc *instruction_heredoc_of(const struct instruction *instruction,
                                             const struct word *source)
{
    for (size_t i = 0; i < instruction->heredocs.count; i++) {
        const struct heredoc *heredoc = &instruction->heredocs.items[i];

        if (heredoc->at.line == source->at.line && heredoc->at.column == source->at.column)
            return heredoc;
    }
    return NULL;
}

static void add_unknown(const struct instruction_reader *reader, const struct word *keyword)
{
    const char *names[N_INSTRUCTIONS];
    struct suggestion suggestion = {keyword->text, names, N_INSTRUCTIONS, NULL};

    for (size_t i = 0; i < N_INSTRUCTIONS; i++)
        names[i] = instruction_forms[i].name;
    suggestion_add(&suggestion, reader->diagnostics, keyword->at, NULL, "unknown instruction");
}

static bool find_kind(const char *keyword, enum instruction_kind *ret_kind)
{
    for (size_t i = 0; i < N_INSTRUCTIONS; i++) {
        if (strcasecmp(keyword, instruction_forms[i].name) == 0) {
            *ret_kind = (enum instruction_kind)i;
            return true;
        }
    }
    return false;
}

static void add_pair(struct arena *arena, struct instruction *instruction, struct word_pair pair)
{
    instruction->pairs = arena_room(arena, instruction->pairs, instruction->n_pairs);
    instruction->pairs[instruction->n_pairs++] = pair;
}

/* The part of a word from the first '=' on, or nothing. */
static struct arguments from_equals(const struct arguments *word)
{
    const char *equals = memchr(word->text, '=', (size_t)(word->end - word->text));

    return (struct arguments){word->line, equals ? equals : word->end, word->end};
}

/* ENV NAME VALUE: all that is behind the name is the value. */
static void read_legacy_pair(const struct instruction_reader *reader, struct arguments rest,
                             struct instruction *instruction)
{
    struct arena *arena = reader->lines->arena;
    struct word_pair pair = {.name = arguments_take(&rest, arena)};

    if (arguments_are_empty(&rest)) {
        diagnostics_error(reader->diagnostics, pair.name.at, instruction_name(instruction->kind),
                          "'%s' has no value; write %s=value", pair.name.text, pair.name.text);
        return;
    }
    pair.value = arguments_text(&rest, arena);
    instruction->legacy_pair = true;
    add_pair(arena, instruction, pair);
}

static void read_pairs(const struct instruction_reader *reader, struct arguments rest,
                       struct instruction *instruction)
{
    struct arena *arena = reader->lines->arena;
    bool defaults = instruction->kind == INSTRUCTION_ARG;
    struct arguments first = rest, word = arguments_take_quoted(&first, reader->lines->escape);
    struct arguments equals = from_equals(&word);

    if (!defaults && !arguments_are_empty(&word) && arguments_are_empty(&equals)) {
        read_legacy_pair(reader, rest, instruction);
        return;
    }
    while (!arguments_are_empty(&rest) && instruction->n_pairs <= LIMIT_INSTRUCTION_WORDS) {
        struct word_pair pair = {0};

        word = arguments_take_quoted(&rest, reader->lines->escape);
        equals = from_equals(&word);
        word.end = equals.text;
        pair.name = arguments_text(&word, arena);
        if (!arguments_are_empty(&equals)) {
            equals.text++;
            pair.value = arguments_text(&equals, arena);
        } else if (!defaults) {
            diagnostics_error(reader->diagnostics, pair.name.at,
                              instruction_name(instruction->kind),
                              "'%s' has no value; write name=value", pair.name.text);
        }
        add_pair(arena, instruction, pair);
    }
}

/* A JSON array, or else words or a command line. */
static void read_list(const struct instruction_reader *reader, const struct arguments *arguments,
                      bool command, struct instruction *instruction)
{
    struct arena *arena = reader->lines->arena;
    struct word line = arguments_text(arguments, arena);

    switch (arguments_read_json(arguments, arena, &instruction->words)) {
    case JSON_STRINGS:
        instruction->json = true;
        break;
    case JSON_OTHERS:
        diagnostics_error(reader->diagnostics, line.at, instruction_name(instruction->kind),
                          "the array may hold strings only");
        break;
    case JSON_NONE:
        if (!command)
            arguments_split(arguments, arena, &instruction->words);
        else if (*line.text)
            word_list_add(arena, &instruction->words, line);
        break;
    }
}

static void read_healthcheck(const struct instruction_reader *reader, struct arguments rest,
                             struct instruction *instruction)
{
    struct word type = arguments_take(&rest, reader->lines->arena);

    instruction->health.none = strcasecmp(type.text, "NONE") == 0;
    if (strcasecmp(type.text, "CMD") != 0 && !instruction->health.none) {
        diagnostics_error(reader->diagnostics, type.at, "HEALTHCHECK",
                          "'%s' is neither CMD nor NONE", type.text);
        return;
    }
    read_list(reader, &rest, true, instruction);
    if (instruction->health.none ? !arguments_are_empty(&rest) : instruction->words.count == 0)
        diagnostics_error(reader->diagnostics, type.at, "HEALTHCHECK",
                          instruction->health.none ? "NONE takes no arguments"
                                                   : "CMD needs a command");
}

static void read_trigger(const struct instruction_reader *reader, const struct arguments *arguments,
                         struct instruction *instruction)
{
    struct instruction *trigger = arena_new_object(reader->lines->arena, struct instruction);
    struct instruction_reader inner = *reader;

    inner.offset = (size_t)(arguments->text - arguments->line->text);
    inner.in_trigger = true;
    if (reader->in_trigger)
        return; /* that is a mistake, and may go on for long */
    if (arguments_are_empty(arguments))
        diagnostics_error(reader->diagnostics, instruction->at, "ONBUILD",
                          "needs an instruction behind it");
    else if (instruction_read(&inner, arguments->line, trigger))
        instruction->trigger = trigger;
}

static void read_arguments(const struct instruction_reader *reader,
                           const struct arguments *arguments, struct instruction *instruction)
{
    struct arena *arena = reader->lines->arena;
    enum argument_form form = instruction_forms[instruction->kind].form;

    switch (form) {
    case FORM_WORDS:
        arguments_split(arguments, arena, &instruction->words);
        break;
    case FORM_LIST:
    case FORM_COMMAND:
        read_list(reader, arguments, form == FORM_COMMAND, instruction);
        break;
    case FORM_TEXT:
        if (!arguments_are_empty(arguments))
            word_list_add(arena, &instruction->words, arguments_text(arguments, arena));
        break;
    case FORM_PAIRS:
    case FORM_DEFAULTS:
        read_pairs(reader, *arguments, instruction);
        break;
    case FORM_HEALTHCHECK:
        read_healthcheck(reader, *arguments, instruction);
        break;
    case FORM_TRIGGER:
        read_trigger(reader, arguments, instruction);
        break;
    }
}

static void read_heredocs(const struct instruction_reader *reader,
                          const struct arguments *arguments, struct instruction *instruction)
{
    struct heredoc_scan scan = {.line = arguments->line,
                                .offset = (size_t)(arguments->text - arguments->line->text),
                                .blanks = instruction->kind == INSTRUCTION_RUN,
                                .path = instruction_name(instruction->kind)};

    if (instruction_forms[instruction->kind].heredocs && !instruction->json)
        heredoc_list_read(reader->lines, &scan, reader->diagnostics, &instruction->heredocs);
}

static void read_mounts(const struct instruction_reader *reader, struct instruction *instruction)
{
    struct arena *arena = reader->lines->arena;

    if (instruction->kind != INSTRUCTION_RUN || instruction->n_flags == 0)
        return;
    instruction->mounts = arena_new_array(arena, struct build_mount, instruction->n_flags);
    for (size_t i = 0; i < instruction->n_flags; i++) {
        struct build_mount_source source = {instruction->flags[i].value, NULL};
        struct error err;

        if (instruction->flags[i].kind != FLAG_MOUNT)
            continue;
        if (build_mount_parse(&source, arena, &instruction->mounts[instruction->n_mounts], &err) <
            0)
            diagnostics_error(reader->diagnostics, source.value.at, "RUN", "%s", err.text);
        else
            instruction->n_mounts++;
    }
}

bool instruction_read(const struct instruction_reader *reader, const struct logical_line *line,
                      struct instruction *ret_instruction)
{
    struct arena *arena = reader->lines->arena;
    size_t errors = diagnostics_count(reader->diagnostics, SEVERITY_ERROR);
    struct arguments arguments = arguments_from(line, reader->offset);
    struct word source = arguments_text(&arguments, arena);
    struct word keyword = arguments_take(&arguments, arena);
    struct instruction instruction = {.keyword = keyword.text,
                                      .source = source.text,
                                      .at = keyword.at,
                                      .empty_line = line->empty_line,
                                      .comments = line->comments};
    struct flag_scan scan = {.line = line, .offset = (size_t)(arguments.text - line->text)};
    struct flag_list flags;
    size_t end, errors_before;

    if (!find_kind(keyword.text, &instruction.kind)) {
        add_unknown(reader, &keyword);
        return false;
    }
    scan.allowed = instruction_forms[instruction.kind].flags;
    scan.path = instruction_name(instruction.kind);
    flag_list_read(&scan, arena, reader->diagnostics, &flags, &end);
    instruction.flags = flags.items;
    instruction.n_flags = flags.count;
    arguments = arguments_from(line, end);
    errors_before = diagnostics_count(reader->diagnostics, SEVERITY_ERROR);
    read_arguments(reader, &arguments, &instruction);
    read_heredocs(reader, &arguments, &instruction);
    instruction.last_line = reader->lines->line - 1;
    if (diagnostics_count(reader->diagnostics, SEVERITY_ERROR) == errors_before)
        instruction_check_arguments(&instruction, reader->in_trigger, reader->diagnostics);
    instruction_check_values(&instruction, reader->diagnostics);
    read_mounts(reader, &instruction);
    *ret_instruction = instruction;
    return diagnostics_count(reader->diagnostics, SEVERITY_ERROR) == errors;
}
