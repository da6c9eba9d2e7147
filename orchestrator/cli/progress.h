/* SPDX-License-Identifier: Apache-2.0 */
/*
 * " Container shop-db-1  Started": one line per change, on stderr, as docker compose says it off a
 * terminal. On a terminal follow.c keeps what is waited for below them.
 */
#ifndef YAWL_ORCHESTRATOR_CLI_PROGRESS_H
#define YAWL_ORCHESTRATOR_CLI_PROGRESS_H

#include <stdbool.h>

#include "common/cleanup.h"
#include "orchestrator/cli/picture.h"
#include "orchestrator/cli/progress_mode.h"
#include "orchestrator/state/record.h"

struct progress {
    enum progress_form form; /* JSON: {"id":"Container shop-db-1","status":"Started"} */
    bool hide_exits;         /* attached: the log says so */
    bool changes_only;       /* what is there already is no news */
    bool probes; /* tells of failed health probes too, also when nobody waits for them */
    struct picture *picture; /* what is waited for, below the lines; NULL: lines are all there is */
};

/* Keeps what one container waits for from flooding: ten lines at once, then one a second. */
struct progress_pace {
    uint64_t next_ms;
};
bool progress_pace_takes(struct progress_pace *pace, uint64_t now_ms);

/* What changed between two records of one container; `before` is NULL at first sight. */
void progress_change(const struct progress *progress, const struct record *before,
                     const struct record *now);

/* What it waits for now, or what its health waits for: "" when that is nothing, or the same as
 * before. */
void progress_wait_words(const struct progress *progress, const struct record *before,
                         const struct record *now, struct text *out);
/* Shows such words, in a line that stays. */
void progress_wait(const struct progress *progress, const struct record *now, const char *words);

void progress_line(const struct progress *progress, const char *kind, const char *name,
                   const char *verb);

#endif
