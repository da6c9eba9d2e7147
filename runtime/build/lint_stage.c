/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/build/lint_rule.h"

#include <ctype.h>
#include <string.h>

#include "common/text.h"
#include "runtime/build/evaluation.h"

#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* What a stage hands on to those that build on it. */
struct lint_stage {
    struct scope *scope;
    bool known; /* all variables of the base image are in the scope */
    bool has_shell, has_workdir;
};

/* On an image that is not known only slips of the pen are sure: $PAHT, but not $GOPATH for $PATH.
 */
static bool is_certain(const struct lint_stage *state, const char *name, const char *near)
{
    size_t length = strlen(name), near_length = near ? strlen(near) : 0;

    return state->known || (near && length <= near_length + 1 && near_length <= length + 1);
}

static void report_undefined(const struct lint *lint, const struct lint_stage *state,
                             const struct evaluation *evaluation,
                             const struct instruction *instruction)
{
    for (size_t i = 0; i < evaluation->unset.count; i++) {
        const char *name = evaluation->unset.items[i];
        const char *near = lint_near_variable(lint, state->scope, name);

        if (is_certain(state, name, near))
            lint_report(lint,
                        (struct finding){LINT_UNDEFINED_VAR, instruction->at,
                                         near ? arena_printf(lint->arena, "$%s", near) : NULL},
                        "Usage of undefined variable '$%s'", name);
    }
}

static void check_ports(const struct lint *lint, const struct instruction *instruction)
{
    for (size_t i = 0; i < instruction->words.count; i++) {
        const struct word *port = &instruction->words.items[i];
        const char *slash = strchr(port->text, '/');

        if (strchr(port->text, ':'))
            lint_report(lint, (struct finding){LINT_EXPOSE_INVALID_FORMAT, port->at},
                        "EXPOSE instruction should not define an IP address or host-port mapping, "
                        "found '%s'",
                        port->text);
        for (const char *p = slash ? slash : ""; *p; p++) {
            if (!isupper((unsigned char)*p))
                continue;
            lint_report(lint, (struct finding){LINT_EXPOSE_PROTO_CASING, port->at},
                        "Defined protocol '%s' in EXPOSE instruction should be lowercase",
                        port->text);
            break;
        }
    }
}

static void check_sources(const struct lint *lint, const struct instruction *instruction)
{
    if (!lint->options->is_ignored || instruction_flag(instruction, FLAG_FROM))
        return;
    for (size_t i = 0; i + 1 < instruction->words.count; i++) {
        const struct word *source = &instruction->words.items[i];

        if (!instruction_heredoc_of(instruction, source) && !strstr(source->text, "://") &&
            lint->options->is_ignored(lint->options->owner, source->text))
            lint_report(lint, (struct finding){LINT_COPY_IGNORED_FILE, source->at},
                        "Attempting to %s file \"%s\" that is excluded by .dockerignore",
                        instruction->kind == INSTRUCTION_ADD ? "Add" : "Copy", source->text);
    }
}

static void check_workdir(const struct lint *lint, struct lint_stage *state,
                          const struct instruction *instruction)
{
    const struct word *path = &instruction->words.items[0];

    if (!state->has_workdir && *path->text != '/')
        lint_report(lint, (struct finding){LINT_WORKDIR_RELATIVE_PATH, path->at},
                    "Relative workdir \"%s\" can have unexpected results if the base image changes",
                    path->text);
    state->has_workdir = true;
}

/* An instruction with values in place. */
static void check_instruction(const struct lint *lint, struct lint_stage *state,
                              const struct instruction *instruction)
{
    switch (instruction->kind) {
    case INSTRUCTION_CMD:
    case INSTRUCTION_ENTRYPOINT:
        if (!instruction->json && !state->has_shell)
            lint_report(lint, (struct finding){LINT_JSON_ARGS_RECOMMENDED, instruction->at},
                        "JSON arguments recommended for %s to prevent unintended behavior related "
                        "to OS signals",
                        instruction_name(instruction->kind));
        break;
    case INSTRUCTION_SHELL:
        state->has_shell = true;
        break;
    case INSTRUCTION_WORKDIR:
        check_workdir(lint, state, instruction);
        break;
    case INSTRUCTION_EXPOSE:
        check_ports(lint, instruction);
        break;
    case INSTRUCTION_ADD:
    case INSTRUCTION_COPY:
        check_sources(lint, instruction);
        break;
    default:
        break;
    }
}

/* The environment that an image brings along; false when it is not known. */
static bool set_base_environment(const struct lint *lint, const char *reference,
                                 struct scope *scope)
{
    static const char *const path[] = {"PATH=" DEFAULT_PATH, NULL};
    struct string_list defaults = {(const char **)(uintptr_t)path, 1};
    const struct lint_base *base = lint_base_of(lint, reference);

    if (scope_set_environment(scope, &defaults, NULL) < 0)
        return false;
    if (base)
        return scope_set_environment(scope, &base->environment, NULL) == 0;
    return string_eq(reference, "scratch");
}

/* What a stage begins with. */
static struct lint_stage stage_begin(const struct lint *lint, const struct stage *stage,
                                     const struct scope *empty, const struct lint_stage *states)
{
    scoped(diagnostics_free) struct diagnostics *unheard = diagnostics_new();
    struct scope globals = *lint->globals;
    struct evaluation evaluation = {.arena = lint->arena,
                                    .diagnostics = unheard,
                                    .escape = lint->dockerfile->directives.escape,
                                    .arguments = lint->options->arguments,
                                    .scope = &globals};
    const char *base = evaluation_word(&evaluation, &stage->from->words.items[0], "FROM");
    const struct stage *below =
        base ? dockerfile_stage_named(lint->dockerfile, base, stage->index) : NULL;
    struct lint_stage state = {0};

    if (below) {
        state = states[below->index];
        state.scope = scope_copy(state.scope);
        return state;
    }
    state.scope = scope_copy(empty);
    state.known = set_base_environment(lint, base, state.scope);
    return state;
}

void lint_stages(const struct lint *lint)
{
    const struct dockerfile *dockerfile = lint->dockerfile;
    struct lint_stage *states =
        arena_new_array(lint->arena, struct lint_stage, dockerfile->n_stages);
    const struct scope *empty = scope_new(lint->arena);

    for (size_t i = 0; i < dockerfile->n_stages; i++) {
        const struct stage *stage = &dockerfile->stages[i];
        struct lint_stage *state = &states[i];
        struct evaluation evaluation = {.arena = lint->arena,
                                        .diagnostics = lint->diagnostics,
                                        .escape = dockerfile->directives.escape,
                                        .arguments = lint->options->arguments,
                                        .globals = lint->globals};
        struct instruction instruction;

        *state = stage_begin(lint, stage, empty, states);
        evaluation.scope = state->scope;
        for (size_t j = 0; j < stage->n_instructions; j++) {
            if (evaluation_step(&evaluation, &stage->instructions[j], &instruction) == 0)
                check_instruction(lint, state, &instruction);
            report_undefined(lint, state, &evaluation, &stage->instructions[j]);
        }
    }
}
