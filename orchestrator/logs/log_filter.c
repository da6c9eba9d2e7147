/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/logs/log_filter.h"

#include <stdlib.h>

#include "common/memory.h"
#include "orchestrator/logs/log_pattern.h"

/* What the lines before say about the next one of the same container and stream. */
struct past {
    const void *owner;
    enum log_stream stream;
    enum line_level level;
    bool in_line, taken; /* in_line: the next is a piece of the line that was taken or not */
};

struct log_filter {
    struct log_filter_options options;
    struct log_pattern **patterns;
    size_t n_patterns;
    struct past *pasts;
    size_t n_pasts, recent;
};

int log_filter_new(const struct log_filter_options *options, struct log_filter **ret_filter,
                   struct error *err)
{
    scoped(log_filter_free) struct log_filter *filter = memory_new(struct log_filter);

    filter->options = *options;
    filter->patterns = memory_resize(NULL, options->n_expressions + 1, sizeof(*filter->patterns));
    for (; filter->n_patterns < options->n_expressions; filter->n_patterns++) {
        if (log_pattern_new(options->expressions[filter->n_patterns], options->ignore_case,
                            &filter->patterns[filter->n_patterns], err) < 0)
            return -1;
    }
    *ret_filter = steal(filter);
    return 0;
}

void log_filter_free(struct log_filter *filter)
{
    if (!filter)
        return;
    for (size_t i = 0; i < filter->n_patterns; i++)
        log_pattern_free(filter->patterns[i]);
    free(filter->patterns);
    free(filter->pasts);
    free(filter);
}

void log_filter_restart(struct log_filter *filter)
{
    filter->n_pasts = filter->recent = 0;
}

uint64_t log_filter_given_up(const struct log_filter *filter)
{
    uint64_t n = 0;

    for (size_t i = 0; i < filter->n_patterns; i++)
        n += log_pattern_given_up(filter->patterns[i]);
    return n;
}

static bool is_past_of(const struct past *past, const struct log_line *line)
{
    return past->owner == line->owner && past->stream == line->stream;
}

static struct past *past_of(struct log_filter *filter, const struct log_line *line)
{
    if (filter->recent < filter->n_pasts && is_past_of(&filter->pasts[filter->recent], line))
        return &filter->pasts[filter->recent];
    for (filter->recent = 0; filter->recent < filter->n_pasts; filter->recent++) {
        if (is_past_of(&filter->pasts[filter->recent], line))
            return &filter->pasts[filter->recent];
    }
    filter->pasts = memory_resize(filter->pasts, filter->n_pasts + 1, sizeof(*filter->pasts));
    filter->pasts[filter->n_pasts] = (struct past){.owner = line->owner, .stream = line->stream};
    return &filter->pasts[filter->n_pasts++];
}

static enum line_level level_after(enum line_level before, const struct log_line *line)
{
    struct line_say say;

    if (line->stream == LOG_EVENT)
        return LEVEL_NONE;
    say = line_level_find(line->text, line->length);
    return say.continues && before > say.level ? before : say.level;
}

static bool matches(struct log_filter *filter, const struct log_line *line)
{
    for (size_t i = 0; i < filter->n_patterns; i++) {
        if (log_pattern_matches(filter->patterns[i], line->text, line->length))
            return !filter->options.invert;
    }
    return filter->n_patterns == 0 || filter->options.invert;
}

bool log_filter_takes(struct log_filter *filter, const struct log_line *line,
                      enum line_level *ret_level)
{
    bool wants_level = filter->options.find_level || filter->options.at_least != LEVEL_NONE;
    struct past *past = past_of(filter, line);

    if (!past->in_line) {
        if (wants_level)
            past->level = level_after(past->level, line);
        past->taken = past->level >= filter->options.at_least && matches(filter, line);
    }
    past->in_line = line->partial;
    *ret_level = past->level;
    return past->taken;
}
