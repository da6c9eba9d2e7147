/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/runtime/build/dockerfile_dump.h"

#include <inttypes.h>
#include <string.h>

#include "runtime/build/word.h"

struct dump {
    const struct instruction *instruction;
    struct text *out;
    bool positions;
};

static void dump_text(struct text *out, const char *text)
{
    for (const char *p = text; *p; p++) {
        if (*p == '\n')
            text_append(out, "\\n");
        else if (*p == '\r')
            text_append(out, "\\r");
        else
            text_append_char(out, *p);
    }
}

static void dump_word(const struct dump *dump, const struct word *word)
{
    text_append(dump->out, "[");
    dump_text(dump->out, word->text);
    text_append(dump->out, "]");
    if (dump->positions && word->at.line != dump->instruction->at.line)
        text_appendf(dump->out, "@%u:%u", word->at.line, word->at.column);
}

static void dump_flags(const struct dump *dump)
{
    for (size_t i = 0; i < dump->instruction->n_flags; i++) {
        const struct flag *flag = &dump->instruction->flags[i];

        text_appendf(dump->out, " --%s=", flag_name(flag->kind));
        dump_text(dump->out, flag->value.text);
    }
}

static void dump_field(const struct dump *dump, const char *name, const char *value)
{
    if (value)
        text_appendf(dump->out, " %s=%s", name, value);
}

static void dump_number(const struct dump *dump, const char *name, int64_t value)
{
    if (value >= 0)
        text_appendf(dump->out, " %s=%" PRId64, name, value);
}

static void dump_mounts(const struct dump *dump)
{
    static const char *const types[] = {"bind", "cache", "tmpfs", "secret", "ssh"};
    static const char *const sharings[] = {NULL, "shared", "private", "locked"};

    for (size_t i = 0; i < dump->instruction->n_mounts; i++) {
        const struct build_mount *mount = &dump->instruction->mounts[i];

        text_appendf(dump->out, " (%s", types[mount->type]);
        dump_field(dump, "from", mount->from.text);
        dump_field(dump, "source", mount->source);
        dump_field(dump, "target", mount->target);
        dump_field(dump, "id", mount->id);
        dump_field(dump, "env", mount->env);
        dump_field(dump, "sharing", sharings[mount->sharing]);
        dump_number(dump, "size", mount->size_bytes);
        dump_number(dump, "mode", mount->mode);
        dump_number(dump, "uid", mount->uid);
        dump_number(dump, "gid", mount->gid);
        text_append(dump->out, mount->required ? " required" : "");
        text_append(dump->out, mount->read_only ? " ro)" : " rw)");
    }
}

static void dump_pairs(const struct dump *dump)
{
    for (size_t i = 0; i < dump->instruction->n_pairs; i++) {
        const struct word_pair *pair = &dump->instruction->pairs[i];

        text_append_char(dump->out, ' ');
        dump_word(dump, &pair->name);
        if (pair->value.text) {
            text_append_char(dump->out, '=');
            dump_word(dump, &pair->value);
        }
    }
}

static void dump_health(const struct dump *dump)
{
    const struct build_healthcheck *health = &dump->instruction->health;

    if (health->none)
        text_append(dump->out, " none");
    if (health->interval_ns || health->timeout_ns || health->start_period_ns ||
        health->start_interval_ns || health->retries)
        text_appendf(dump->out, " (%" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 ")",
                     health->interval_ns, health->timeout_ns, health->start_period_ns,
                     health->start_interval_ns, health->retries);
}

static void dump_heredocs(const struct dump *dump)
{
    for (size_t i = 0; i < dump->instruction->heredocs.count; i++) {
        const struct heredoc *heredoc = &dump->instruction->heredocs.items[i];

        text_appendf(dump->out, " {%u<<%s%s%s: ", heredoc->descriptor,
                     heredoc->strip_tabs ? "-" : "", heredoc->name,
                     heredoc->expand ? "" : " (as it is)");
        dump_text(dump->out, heredoc->content);
        text_append(dump->out, "}");
    }
}

void instruction_dump(const struct instruction *instruction, bool positions, struct text *out)
{
    struct dump dump = {instruction, out, positions};

    if (positions)
        text_appendf(out, "%u:%u ", instruction->at.line, instruction->at.column);
    text_append(out, instruction_name(instruction->kind));
    dump_flags(&dump);
    dump_mounts(&dump);
    dump_health(&dump);
    dump_pairs(&dump);
    text_append(out, instruction->json ? " json" : "");
    for (size_t i = 0; i < instruction->words.count; i++) {
        text_append_char(out, ' ');
        dump_word(&dump, &instruction->words.items[i]);
    }
    dump_heredocs(&dump);
    if (instruction->trigger) {
        text_append_char(out, ' ');
        instruction_dump(instruction->trigger, positions, out);
        return;
    }
    text_append_char(out, '\n');
}

void dockerfile_dump(const struct dockerfile *dockerfile, bool positions, struct text *out)
{
    const struct directives *directives = &dockerfile->directives;

    text_appendf(out, "escape %c syntax %s check %s\n", directives->escape,
                 directives->syntax.text ? directives->syntax.text : "-",
                 directives->check.text ? directives->check.text : "-");
    for (size_t i = 0; i < dockerfile->n_instructions; i++)
        instruction_dump(&dockerfile->instructions[i], positions, out);
}

static void render_directive(struct text *out, const char *name, const struct word *value)
{
    if (value->text)
        text_appendf(out, "# %s=%s\n", name, value->text);
}

/* A file may end in the middle of a line that goes on, and what is there then may end in an escape
 * character, which would make the line go on itself. */
static void render_end(struct text *out, const char *source, char escape)
{
    const char *end = trim_end(source, source + strlen(source));

    if (end > source && end[-1] == escape && !(end - source > 1 && end[-2] == escape))
        text_appendf(out, " %c", escape);
}

void dockerfile_render(const struct dockerfile *dockerfile, struct text *out)
{
    const struct directives *directives = &dockerfile->directives;

    text_appendf(out, "# escape=%c\n", directives->escape);
    render_directive(out, "syntax", &directives->syntax);
    render_directive(out, "check", &directives->check);
    for (size_t i = 0; i < dockerfile->n_instructions; i++) {
        const struct instruction *instruction = &dockerfile->instructions[i];
        const struct heredoc_list *heredocs =
            instruction->trigger ? &instruction->trigger->heredocs : &instruction->heredocs;

        text_append(out, instruction->source);
        render_end(out, instruction->source, directives->escape);
        text_append_char(out, '\n');
        for (size_t j = 0; j < heredocs->count; j++)
            text_appendf(out, "%s%s\r\n", heredocs->items[j].content, heredocs->items[j].name);
    }
}
