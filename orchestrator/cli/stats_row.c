/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/stats_row.h"

#include <stdlib.h>
#include <string.h>

#include "common/units.h"

/* Numbers behind an interface's name in /proc/net/dev. */
enum { FIELD_RECEIVED = 0, FIELD_SENT = 8 };

/* "  eth0: 1 2 3 ...": names may not contain a colon. */
static void interface_add(const char *line, struct stats_sample *sample)
{
    const char *colon = strchr(line, ':');
    const char *end = strchr(line, '\n');
    char *rest;

    line += strspn(line, " ");
    if (!colon || (end && colon > end) || strncmp(line, "lo:", 3) == 0)
        return;
    rest = (char *)(uintptr_t)(colon + 1);
    for (int field = 0; field <= FIELD_SENT; field++) {
        uint64_t number = strtoull(rest, &rest, 10);

        if (field == FIELD_RECEIVED)
            sample->received_bytes += number;
        if (field == FIELD_SENT)
            sample->sent_bytes += number;
    }
}

void stats_sample_add_interfaces(const char *text, struct stats_sample *sample)
{
    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        interface_add(line, sample);
    }
}

static const char *percent_text(struct arena *arena, uint64_t part, uint64_t whole)
{
    return arena_printf(arena, "%.2f%%", whole ? 100.0 * (double)part / (double)whole : 0.0);
}

static const char *pair_text(struct arena *arena, void (*format)(uint64_t bytes, struct text *out),
                             uint64_t first, uint64_t second)
{
    scoped_text struct text text = {0};

    format(first, &text);
    text_append(&text, " / ");
    format(second, &text);
    return arena_strdup(arena, text_get(&text));
}

struct stats_row stats_row_make(const struct stats_sample *before, const struct stats_sample *now,
                                struct arena *arena)
{
    const struct cgroup_usage *usage = &now->usage;
    uint64_t cpu_us = 0, elapsed_us = 0;

    /* What is added up over processes may shrink when one ends. */
    if (before->at_us && usage->cpu_us > before->usage.cpu_us) {
        cpu_us = usage->cpu_us - before->usage.cpu_us;
        elapsed_us = now->at_us - before->at_us;
    }
    return (struct stats_row){
        .cpu = percent_text(arena, cpu_us, elapsed_us),
        .memory =
            pair_text(arena, bytes_format_binary, usage->memory_bytes, usage->memory_limit_bytes),
        .memory_share = percent_text(arena, usage->memory_bytes, usage->memory_limit_bytes),
        .net = pair_text(arena, bytes_format_decimal, now->received_bytes, now->sent_bytes),
        .blocks = pair_text(arena, bytes_format_decimal, usage->read_bytes, usage->written_bytes),
        .tasks = arena_printf(arena, "%llu", (unsigned long long)usage->tasks),
    };
}
