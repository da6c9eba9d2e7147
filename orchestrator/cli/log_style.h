/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How log lines look, decided in one place for `up` and `logs`, so that they look the same.
 */
#ifndef YAWL_ORCHESTRATOR_CLI_LOG_STYLE_H
#define YAWL_ORCHESTRATOR_CLI_LOG_STYLE_H

#include "orchestrator/cli/command.h"
#include "orchestrator/logs/log_printer.h"

/* What the command line said; all false is usual. */
struct log_style {
    bool no_colour, no_prefix, timestamps;
};

/* Colours are for terminals, unless --ansi or COMPOSE_ANSI says otherwise; --no-color and NO_COLOR
 * have the last word. Everything goes to standard output. */
MUST_CHECK int log_style_decide(const struct session *session, const struct log_style *style,
                                struct log_printer_options *ret_options, struct error *err);

#endif
