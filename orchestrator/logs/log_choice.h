/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which lines `logs` is asked for: the words of its command line, and what they mean.
 */
#ifndef YAWL_ORCHESTRATOR_LOGS_LOG_CHOICE_H
#define YAWL_ORCHESTRATOR_LOGS_LOG_CHOICE_H

#include "common/arena.h"
#include "orchestrator/logs/log_reader.h"
#include "orchestrator/logs/log_view.h"

/* As they were given, or NULL. */
struct log_words {
    const char *tail, *since, *until, *level, *around, *before, *after, *context;
    struct string_list expressions;
    bool invert, ignore_case;
};

/* Fills what the words concern in the options. They borrow the words. */
MUST_CHECK int log_choice_parse(const struct log_words *words, struct log_range *ret_range,
                                struct log_view_options *options, struct error *err);

#endif
