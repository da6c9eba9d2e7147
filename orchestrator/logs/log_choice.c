/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/logs/log_choice.h"

#include <string.h>

#include "common/moment.h"
#include "common/process.h"
#include "orchestrator/logs/log_ring.h"

enum {
    AROUND_LINES = 10, /* before and after, unless said otherwise */
    EPOCH_DIGITS = 9,  /* a shorter number is rather one to look for, as a status of HTTP */
};

/* "all" and numbers below zero mean all, as with the reference. */
static int tail_parse(const char *text, int64_t *ret_tail, struct error *err)
{
    unsigned long long lines;

    *ret_tail = -1;
    if (!text || string_eq(text, "all") ||
        (text[0] == '-' && string_to_u64(text + 1, INT64_MAX, &lines)))
        return 0;
    if (!string_to_u64(text, INT64_MAX, &lines))
        return error_set(err, "--tail: '%s' is no number of lines", text);
    *ret_tail = (int64_t)lines;
    return 0;
}

static int lines_parse(const char *option, const char *text, size_t *ret_lines, struct error *err)
{
    unsigned long long lines;

    if (!text)
        return 0;
    if (!string_to_u64(text, LOG_RING_LINES_MAX, &lines))
        return error_set(err, "--%s: '%s' is no number of lines up to %d", option, text,
                         LOG_RING_LINES_MAX);
    *ret_lines = (size_t)lines;
    return 0;
}

static int level_parse(const char *text, enum line_level *ret_level, struct error *err)
{
    *ret_level = LEVEL_NONE;
    if (!text)
        return 0;
    /* Letters and numbers are for programs; here they would only be surprising. */
    if (strlen(text) > 2)
        *ret_level = line_level_from_word(text, strlen(text));
    if (*ret_level == LEVEL_NONE)
        return error_set(err, "--level: '%s' is no level: trace, debug, info, warn, error or fatal",
                         text);
    return 0;
}

static void around_parse(const char *text, struct log_view_options *options)
{
    size_t n_digits = strspn(text, "0123456789");

    if ((text[n_digits] == '\0' && n_digits < EPOCH_DIGITS) ||
        !moment_parse(text, clock_realtime_ns(), &options->around_ns))
        options->around_expression = text;
    else
        options->around_time = true;
}

static int context_parse(const struct log_words *words, struct log_view_options *options,
                         struct error *err)
{
    if (words->around && !words->before && !words->after)
        options->n_before = options->n_after = AROUND_LINES;
    if (lines_parse("context", words->context, &options->n_before, err) < 0)
        return -1;
    if (words->context)
        options->n_after = options->n_before;
    if (lines_parse("before-context", words->before, &options->n_before, err) < 0)
        return -1;
    return lines_parse("after-context", words->after, &options->n_after, err);
}

int log_choice_parse(const struct log_words *words, struct log_range *ret_range,
                     struct log_view_options *options, struct error *err)
{
    struct log_range range = {0};

    if (tail_parse(words->tail, &range.tail, err) < 0 ||
        moment_read("since", words->since, &range.since_ns, err) < 0 ||
        moment_read("until", words->until, &range.until_ns, err) < 0 ||
        level_parse(words->level, &options->filter.at_least, err) < 0 ||
        context_parse(words, options, err) < 0)
        return -1;
    if (words->invert && words->expressions.count == 0)
        return error_set(err, "--invert says which lines --grep finds: give one");
    if (words->around)
        around_parse(words->around, options);
    options->filter.expressions = words->expressions.items;
    options->filter.n_expressions = words->expressions.count;
    options->filter.invert = words->invert;
    options->filter.ignore_case = words->ignore_case;
    *ret_range = range;
    return 0;
}
