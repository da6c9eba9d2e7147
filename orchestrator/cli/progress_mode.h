/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How progress is told: --progress, --ansi and their variables to one decision.
 */
#ifndef YAWL_ORCHESTRATOR_CLI_PROGRESS_MODE_H
#define YAWL_ORCHESTRATOR_CLI_PROGRESS_MODE_H

#include <stdbool.h>

#include "common/error.h"

enum progress_form { PROGRESS_PLAIN, PROGRESS_TTY, PROGRESS_JSON, PROGRESS_QUIET };

struct progress_mode {
    enum progress_form form;
    bool colour;
};

/* What the decision hangs on. NULL: not given. */
struct progress_facts {
    const char *progress; /* auto, tty, plain, json, quiet */
    const char *ansi;     /* auto, never, always */
    bool terminal;        /* stderr is one that can move its cursor */
    bool no_color;        /* NO_COLOR is set */
};

MUST_CHECK int progress_mode_decide(const struct progress_facts *facts,
                                    struct progress_mode *ret_mode, struct error *err);

/* With the options where they are given, else COMPOSE_PROGRESS and COMPOSE_ANSI, and this process's
 * standard error. */
MUST_CHECK int progress_mode_find(const char *progress, const char *ansi,
                                  struct progress_mode *ret_mode, struct error *err);

#endif
