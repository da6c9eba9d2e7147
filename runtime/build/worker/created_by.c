/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/build/worker/created_by.h"

#include "common/text.h"

static void append_words(struct text *out, const struct instruction *instruction)
{
    for (size_t i = 0; i < instruction->words.count; i++)
        text_appendf(out, " %s", instruction->words.items[i].text);
}

/* ["a","b"] */
static void append_json(struct text *out, const struct string_list *list)
{
    scoped(json_release) json_t *array = json_array();

    for (size_t i = 0; i < list->count; i++)
        (void)json_array_append_new(array, json_string(list->items[i]));
    text_append_char(out, ' ');
    json_format(array, out);
}

static void append_list(struct text *out, const struct instruction *instruction)
{
    text_append(out, " [");
    for (size_t i = 0; i < instruction->words.count; i++)
        text_appendf(out, "%s%s", i ? " " : "", instruction->words.items[i].text);
    text_append_char(out, ']');
}

static void append_pairs(struct text *out, const struct instruction *instruction)
{
    for (size_t i = 0; i < instruction->n_pairs; i++) {
        const struct word_pair *pair = &instruction->pairs[i];

        text_appendf(out, " %s", pair->name.text);
        if (pair->value.text)
            text_appendf(out, "=%s", pair->value.text);
    }
}

/* "RUN |1 VERSION=3 /bin/sh -c make" */
static void append_run(struct text *out, const struct instruction *instruction,
                       const struct image_draft *draft, const struct scope *scope)
{
    struct string_list shell = image_draft_list(draft, "Shell");
    size_t n_args = 0;

    for (size_t i = 0; scope && i < scope->count; i++)
        n_args += scope->items[i].is_arg && scope->items[i].value;
    if (n_args > 0)
        text_appendf(out, " |%zu", n_args);
    for (size_t i = 0; n_args > 0 && i < scope->count; i++)
        if (scope->items[i].is_arg && scope->items[i].value)
            text_appendf(out, " %s=%s", scope->items[i].name, scope->items[i].value);
    if (!instruction->json && shell.count == 0)
        text_append(out, " /bin/sh -c");
    for (size_t i = 0; !instruction->json && i < shell.count; i++)
        text_appendf(out, " %s", shell.items[i]);
    append_words(out, instruction);
}

static void append_flags(struct text *out, const struct instruction *instruction)
{
    for (size_t i = 0; i < instruction->n_flags; i++)
        text_appendf(out, " --%s=%s", flag_name(instruction->flags[i].kind),
                     instruction->flags[i].value.text);
}

const char *created_by_format(const struct image_draft *draft,
                              const struct instruction *instruction, const struct scope *scope,
                              struct arena *arena)
{
    scoped_text struct text out = {0};
    struct string_list command;

    text_append(&out, instruction_name(instruction->kind));
    switch (instruction->kind) {
    case INSTRUCTION_RUN:
        append_run(&out, instruction, draft, scope);
        break;
    case INSTRUCTION_COPY:
    case INSTRUCTION_ADD:
        append_flags(&out, instruction);
        append_words(&out, instruction);
        break;
    case INSTRUCTION_CMD:
    case INSTRUCTION_ENTRYPOINT:
        command =
            image_draft_list(draft, instruction->kind == INSTRUCTION_CMD ? "Cmd" : "Entrypoint");
        append_json(&out, &command);
        break;
    case INSTRUCTION_EXPOSE:
    case INSTRUCTION_VOLUME:
    case INSTRUCTION_SHELL:
        append_list(&out, instruction);
        break;
    case INSTRUCTION_ENV:
    case INSTRUCTION_LABEL:
    case INSTRUCTION_ARG:
        append_pairs(&out, instruction);
        break;
    case INSTRUCTION_HEALTHCHECK:
    case INSTRUCTION_ONBUILD:
        text_clear(&out);
        text_append(&out, instruction->source);
        break;
    default:
        append_words(&out, instruction);
        break;
    }
    return arena_strdup(arena, text_get(&out));
}
