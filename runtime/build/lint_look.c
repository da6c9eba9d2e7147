/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/build/lint_rule.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "common/text.h"

enum casing { CASING_MIXED, CASING_LOWER, CASING_UPPER };

static enum casing casing_of(const char *text)
{
    bool lower = false, upper = false;

    for (const char *p = text; *p; p++) {
        lower = lower || islower((unsigned char)*p);
        upper = upper || isupper((unsigned char)*p);
    }
    return lower && upper ? CASING_MIXED : lower ? CASING_LOWER : CASING_UPPER;
}

/* All instructions as most of them are. */
static void check_casing(const struct lint *lint)
{
    const struct dockerfile *dockerfile = lint->dockerfile;
    size_t counts[3] = {0};
    enum casing usual;

    for (size_t i = dockerfile->n_globals; i < dockerfile->n_instructions; i++)
        counts[casing_of(dockerfile->instructions[i].keyword)]++;
    usual = counts[CASING_LOWER] > counts[CASING_UPPER] ? CASING_LOWER : CASING_UPPER;
    for (size_t i = dockerfile->n_globals; i < dockerfile->n_instructions; i++) {
        const struct instruction *instruction = &dockerfile->instructions[i];

        if (casing_of(instruction->keyword) != usual)
            lint_report(lint, (struct finding){LINT_CONSISTENT_INSTRUCTION_CASING, instruction->at},
                        "Command '%s' should match the case of the command majority (%s)",
                        instruction->keyword, usual == CASING_LOWER ? "lowercase" : "uppercase");
    }
}

static void check_stage_name(const struct lint *lint, const struct stage *stage)
{
    const struct instruction *from = stage->from;
    const struct word *as = &from->words.items[1], *name = &from->words.items[2];
    enum casing casing = casing_of(from->keyword);

    if (strcmp(name->text, stage->name) != 0)
        lint_report(lint, (struct finding){LINT_STAGE_NAME_CASING, name->at},
                    "Stage name '%s' should be lowercase", name->text);
    if (casing != CASING_MIXED && casing_of(as->text) != casing)
        lint_report(lint, (struct finding){LINT_FROM_AS_CASING, as->at},
                    "'%s' and '%s' keywords' casing do not match", as->text, from->keyword);
    if (strcmp(stage->name, "scratch") == 0 || strcmp(stage->name, "context") == 0)
        lint_report(lint, (struct finding){LINT_RESERVED_STAGE_NAME, name->at},
                    "Stage name should not use the same name as reserved stage \"%s\"",
                    stage->name);
    if (dockerfile_stage_named(lint->dockerfile, stage->name, stage->index))
        lint_report(lint, (struct finding){LINT_DUPLICATE_STAGE_NAME, name->at},
                    "Duplicate stage name \"%s\", stage names should be unique", stage->name);
}

/* Whether one of the words between '_' is in the list. */
static bool has_part(const char *name, const char *const *parts, size_t count)
{
    while (true) {
        size_t length = strcspn(name, "_");

        for (size_t i = 0; i < count; i++) {
            if (strlen(parts[i]) == length && strncasecmp(parts[i], name, length) == 0)
                return true;
        }
        if (name[length] == '\0')
            return false;
        name += length + 1;
    }
}

static void check_secrets(const struct lint *lint, const struct instruction *instruction)
{
    static const char *const secret[] = {"apikey",   "auth",  "credential", "credentials", "key",
                                         "password", "pword", "passwd",     "secret",      "token"};
    static const char *const harmless[] = {"public", "file", "version"};

    for (size_t i = 0; i < instruction->n_pairs; i++) {
        const struct word *name = &instruction->pairs[i].name;

        if (has_part(name->text, secret, ARRAY_LENGTH(secret)) &&
            !has_part(name->text, harmless, ARRAY_LENGTH(harmless)))
            lint_report(lint, (struct finding){LINT_SECRETS_USED_IN_ARG_OR_ENV, name->at},
                        "Do not use ARG or ENV instructions for sensitive data (%s \"%s\")",
                        instruction_name(instruction->kind), name->text);
    }
}

/* A comment right above is taken for a description: it begins with the name. */
static void check_description(const struct lint *lint, const struct instruction *instruction)
{
    const struct string_list *comments = &instruction->comments;
    bool from = instruction->kind == INSTRUCTION_FROM;
    size_t count = from ? instruction->words.count == 3 : instruction->n_pairs;
    const char *last, *name = NULL;

    if (comments->count == 0 || count == 0)
        return;
    last = comments->items[comments->count - 1];
    for (size_t i = 0; i < count; i++) {
        name = from ? instruction->words.items[2].text : instruction->pairs[i].name.text;
        if (strcspn(last, " ") == strlen(name) && string_starts_with(last, name))
            return;
    }
    lint_report(lint, (struct finding){LINT_INVALID_DEFINITION_DESCRIPTION, instruction->at},
                "Comment for %s should follow the format: `# %s <description>`",
                instruction_name(instruction->kind), count == 1 ? name : "<arg_key>");
}

/* Of some instructions only the last one of a stage counts. */
static void check_repeated(const struct lint *lint, const struct stage *stage)
{
    static const enum instruction_kind kinds[] = {INSTRUCTION_CMD, INSTRUCTION_ENTRYPOINT,
                                                  INSTRUCTION_HEALTHCHECK};

    for (size_t i = 0; i < ARRAY_LENGTH(kinds); i++) {
        const struct instruction *previous = NULL;

        for (size_t j = 0; j < stage->n_instructions; j++) {
            if (stage->instructions[j].kind != kinds[i])
                continue;
            if (previous)
                lint_report(lint,
                            (struct finding){LINT_MULTIPLE_INSTRUCTIONS_DISALLOWED, previous->at},
                            "Multiple %s instructions should not be used in the same stage "
                            "because only the last one will be used",
                            instruction_name(kinds[i]));
            previous = &stage->instructions[j];
        }
    }
}

static void check_instruction(const struct lint *lint, const struct instruction *instruction)
{
    const char *name = instruction_name(instruction->kind);

    if (instruction->empty_line > 0)
        lint_report(
            lint,
            (struct finding){LINT_NO_EMPTY_CONTINUATION,
                             (struct position){instruction->at.file, instruction->empty_line, 1}},
            "Empty continuation line");
    if (instruction->kind == INSTRUCTION_MAINTAINER)
        lint_report(lint, (struct finding){LINT_MAINTAINER_DEPRECATED, instruction->at},
                    "Maintainer instruction is deprecated in favor of using label");
    if (instruction->legacy_pair)
        lint_report(lint, (struct finding){LINT_LEGACY_KEY_VALUE_FORMAT, instruction->at},
                    "\"%s key=value\" should be used instead of legacy \"%s key value\" format",
                    name, name);
    if (instruction->kind == INSTRUCTION_ARG || instruction->kind == INSTRUCTION_FROM)
        check_description(lint, instruction);
}

void lint_look(const struct lint *lint)
{
    const struct dockerfile *dockerfile = lint->dockerfile;

    check_casing(lint);
    for (size_t i = 0; i < dockerfile->n_instructions; i++) {
        const struct instruction *instruction = &dockerfile->instructions[i];

        check_instruction(lint, instruction);
        if (instruction->kind == INSTRUCTION_ENV ||
            (instruction->kind == INSTRUCTION_ARG && i >= dockerfile->n_globals))
            check_secrets(lint, instruction);
    }
    for (size_t i = 0; i < dockerfile->n_stages; i++) {
        if (dockerfile->stages[i].name)
            check_stage_name(lint, &dockerfile->stages[i]);
        check_repeated(lint, &dockerfile->stages[i]);
    }
}
