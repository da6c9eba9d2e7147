/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/build/evaluation.h"

#include <string.h>

#include "common/text.h"
#include "runtime/build/build_limits.h"
#include "runtime/build/expansion.h"
#include "runtime/build/instruction_check.h"

static struct expansion expansion_begin(const struct evaluation *evaluation)
{
    return (struct expansion){.arena = evaluation->arena,
                              .scope = evaluation->scope,
                              .escape = evaluation->escape,
                              .used = evaluation->used,
                              .unset = evaluation->unset};
}

/* Keeps what was noted. */
static void expansion_end(struct evaluation *evaluation, const struct expansion *expansion)
{
    evaluation->used = expansion->used;
    evaluation->unset = expansion->unset;
}

static void add_mistake(struct evaluation *evaluation, struct position at, const char *path,
                        const struct error *err)
{
    diagnostics_error(evaluation->diagnostics, at, path, "%s", err->text);
}

const char *evaluation_word(struct evaluation *evaluation, const struct word *word,
                            const char *path)
{
    struct expansion expansion = expansion_begin(evaluation);
    scoped_text struct text out = {0};
    struct error err;
    int result = expansion_word(&expansion, word->text, &out, &err);

    expansion_end(evaluation, &expansion);
    if (result < 0) {
        add_mistake(evaluation, word->at, path, &err);
        return NULL;
    }
    return arena_strdup(evaluation->arena, text_get(&out));
}

/* A word that had a mistake stays as it was; the mistake counts. */
static void expand_word(struct evaluation *evaluation, const char *path, struct word *word)
{
    const char *value = evaluation_word(evaluation, word, path);

    if (value)
        word->text = value;
}

static void expand_words(struct evaluation *evaluation, struct instruction *instruction)
{
    struct word_list words = {0};

    for (size_t i = 0; i < instruction->words.count; i++) {
        struct word word = instruction->words.items[i];

        if (!instruction_heredoc_of(instruction, &word))
            expand_word(evaluation, instruction_name(instruction->kind), &word);
        word_list_add(evaluation->arena, &words, word);
    }
    instruction->words = words;
}

/* EXPOSE: one word may hold several ports when its variables have values. */
static void expand_ports(struct evaluation *evaluation, struct instruction *instruction)
{
    struct word_list words = {0};

    for (size_t i = 0; i < instruction->words.count; i++) {
        struct expansion expansion = expansion_begin(evaluation);
        const struct word *word = &instruction->words.items[i];
        struct string_list ports = {0};
        struct error err;

        if (expansion_words(&expansion, word->text, &ports, &err) < 0)
            add_mistake(evaluation, word->at, "EXPOSE", &err);
        expansion_end(evaluation, &expansion);
        for (size_t j = 0; j < ports.count && words.count < LIMIT_INSTRUCTION_WORDS; j++)
            word_list_add(evaluation->arena, &words, (struct word){ports.items[j], word->at});
    }
    instruction->words = words;
}

static void copy_pairs(struct evaluation *evaluation, struct instruction *instruction)
{
    struct word_pair *pairs =
        arena_new_array(evaluation->arena, struct word_pair, instruction->n_pairs);

    if (instruction->n_pairs > 0)
        memcpy(pairs, instruction->pairs, instruction->n_pairs * sizeof(*pairs));
    instruction->pairs = pairs;
}

static void expand_pairs(struct evaluation *evaluation, struct instruction *instruction)
{
    const char *path = instruction_name(instruction->kind);

    copy_pairs(evaluation, instruction);
    for (size_t i = 0; i < instruction->n_pairs; i++) {
        expand_word(evaluation, path, &instruction->pairs[i].name);
        expand_word(evaluation, path, &instruction->pairs[i].value);
    }
}

/* All pairs were expanded with the scope as it was before. */
static void set_environment(struct evaluation *evaluation, const struct instruction *instruction)
{
    for (size_t i = 0; i < instruction->n_pairs; i++) {
        const struct word_pair *pair = &instruction->pairs[i];
        struct error err;

        if (scope_set_env(evaluation->scope, pair->name.text, pair->value.text, &err) < 0)
            add_mistake(evaluation, pair->name.at, "ENV", &err);
    }
}

/* A default is only looked at when it counts, so that ARG NAME=${NAME:?} may ask for a value. */
static void declare_argument(struct evaluation *evaluation, struct word_pair *pair)
{
    const char *given;
    const struct variable *global;
    struct error err;

    expand_word(evaluation, "ARG", &pair->name);
    given = build_arguments_get(evaluation->arguments, pair->name.text);
    if (!pair->value.text)
        pair->value.at = pair->name.at;
    global = evaluation->globals ? scope_find(evaluation->globals, pair->name.text) : NULL;
    if (given)
        pair->value.text = given;
    else if (pair->value.text)
        expand_word(evaluation, "ARG", &pair->value);
    else if (global)
        pair->value.text = global->value;
    if (scope_set_arg(evaluation->scope, pair->name.text, pair->value.text, &err) < 0)
        add_mistake(evaluation, pair->name.at, "ARG", &err);
}

static void declare_arguments(struct evaluation *evaluation, struct instruction *instruction)
{
    copy_pairs(evaluation, instruction);
    for (size_t i = 0; i < instruction->n_pairs; i++)
        declare_argument(evaluation, &instruction->pairs[i]);
}

static void expand_flags(struct evaluation *evaluation, struct instruction *instruction)
{
    const char *path = instruction_name(instruction->kind);
    struct flag *flags = arena_new_array(evaluation->arena, struct flag, instruction->n_flags);

    for (size_t i = 0; i < instruction->n_flags; i++) {
        flags[i] = instruction->flags[i];
        if (flags[i].kind != FLAG_FROM)
            expand_word(evaluation, path, &flags[i].value);
    }
    instruction->flags = flags;
}

static void expand_heredocs(struct evaluation *evaluation, struct instruction *instruction)
{
    const char *path = instruction_name(instruction->kind);
    size_t count = instruction->heredocs.count;
    struct heredoc *items = arena_new_array(evaluation->arena, struct heredoc, count);

    for (size_t i = 0; i < count; i++) {
        struct expansion expansion = expansion_begin(evaluation);
        scoped_text struct text out = {0};
        struct error err;

        items[i] = instruction->heredocs.items[i];
        if (!items[i].expand)
            continue;
        expansion.escape = '\\';
        expansion.keep_quotes = true;
        if (expansion_word(&expansion, items[i].content, &out, &err) < 0)
            add_mistake(evaluation, items[i].at, path, &err);
        else
            items[i].content = arena_strndup(evaluation->arena, text_get(&out), out.length);
        expansion_end(evaluation, &expansion);
    }
    instruction->heredocs.items = items;
}

static void expand_mounts(struct evaluation *evaluation, struct instruction *instruction)
{
    size_t count = 0;

    if (instruction->n_mounts == 0)
        return;
    instruction->mounts =
        arena_new_array(evaluation->arena, struct build_mount, instruction->n_mounts);
    for (size_t i = 0; i < instruction->n_flags; i++) {
        struct expansion expansion = expansion_begin(evaluation);
        struct build_mount_source source = {instruction->flags[i].value, &expansion};
        struct error err;

        if (instruction->flags[i].kind != FLAG_MOUNT)
            continue;
        if (build_mount_parse(&source, evaluation->arena, &instruction->mounts[count], &err) < 0)
            add_mistake(evaluation, source.value.at, "RUN", &err);
        else
            count++;
        expansion_end(evaluation, &expansion);
    }
    instruction->n_mounts = count;
}

int evaluation_step(struct evaluation *evaluation, const struct instruction *instruction,
                    struct instruction *ret_instruction)
{
    size_t errors = diagnostics_count(evaluation->diagnostics, SEVERITY_ERROR);
    struct instruction copy = *instruction;

    evaluation->used = evaluation->unset = (struct string_list){0};
    switch (instruction->kind) {
    case INSTRUCTION_ARG:
        declare_arguments(evaluation, &copy);
        break;
    case INSTRUCTION_ENV:
        expand_pairs(evaluation, &copy);
        set_environment(evaluation, &copy);
        break;
    case INSTRUCTION_LABEL:
        expand_pairs(evaluation, &copy);
        break;
    case INSTRUCTION_ADD:
    case INSTRUCTION_COPY:
        expand_words(evaluation, &copy);
        expand_flags(evaluation, &copy);
        expand_heredocs(evaluation, &copy);
        break;
    case INSTRUCTION_EXPOSE:
        expand_ports(evaluation, &copy);
        break;
    case INSTRUCTION_RUN:
        expand_mounts(evaluation, &copy);
        break;
    case INSTRUCTION_STOPSIGNAL:
    case INSTRUCTION_USER:
    case INSTRUCTION_VOLUME:
    case INSTRUCTION_WORKDIR:
        expand_words(evaluation, &copy);
        break;
    default:
        break;
    }
    if (diagnostics_count(evaluation->diagnostics, SEVERITY_ERROR) == errors)
        instruction_check_values(&copy, evaluation->diagnostics);
    if (diagnostics_count(evaluation->diagnostics, SEVERITY_ERROR) > errors)
        return -1;
    *ret_instruction = copy;
    return 0;
}
