/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Splits a command line into words as the reference does: quotes and backslashes,
 * but no variables, no globbing, no comments; an unquoted `;`, `&`, `<`, `>` or `|` ends the
 * command.
 */
#ifndef YAWL_ORCHESTRATOR_COMPOSE_SHELL_WORDS_H
#define YAWL_ORCHESTRATOR_COMPOSE_SHELL_WORDS_H

#include <stdbool.h>

#include "common/arena.h"
#include "common/error.h"

/* *ret_cut tells that an operator ended the command before the text did. */
MUST_CHECK int shell_words_split(struct arena *arena, const char *text,
                                 struct string_list *ret_words, bool *ret_cut, struct error *err);

#endif
