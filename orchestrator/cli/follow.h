/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Waiting for what was asked: keeps the last record of every container of the project, shows what
 * changes, streams logs when attached, and asks its command after each change whether the goal is
 * reached.
 *
 * Survives the supervisor: when it dies, its successor is asked again.
 */
#ifndef YAWL_ORCHESTRATOR_CLI_FOLLOW_H
#define YAWL_ORCHESTRATOR_CLI_FOLLOW_H

#include <stdbool.h>

#include "common/arena.h"
#include "common/error.h"
#include "common/loop.h"
#include "orchestrator/cli/progress.h"
#include "orchestrator/logs/log_printer.h"
#include "orchestrator/state/roots.h"
#include "orchestrator/supervise/request.h"

enum verdict { VERDICT_WAIT, VERDICT_DONE, VERDICT_FAILED };

struct follow;

struct follow_options {
    const char *project;
    const struct project_dir *dir; /* borrowed */
    struct progress *progress;     /* borrowed; NULL: show nothing */
    /* Asked once a snapshot is complete and after each change. Fills err for VERDICT_FAILED. */
    enum verdict (*judge)(struct follow *follow, void *owner, struct error *err);
    void *owner;
    struct string_list services;      /* what a signal stops */
    bool stop_on_signal;              /* Ctrl-C stops the services, twice kills */
    int64_t timeout_ms;               /* 0: none */
    const char *timeout_text;         /* "not ready after" when NULL */
    bool raw;                         /* lines as they were written, in place of a printer's */
    bool no_signals;                  /* the owner watches them */
    struct log_printer_options style; /* of the log lines */
    int64_t rejudge_ms; /* the judge looks at the clock: ask it this often; 0: only after changes */
};

struct follow *follow_new(const struct follow_options *options);
void follow_free(struct follow *follow);
DEFINE_SCOPED(struct follow *, follow_free)

/* Streams the log of a container from `since_ns` on. The first call opens the log and the printer.
 */
MUST_CHECK int follow_attach(struct follow *follow, const char *instance, const char *label,
                             uint64_t since_ns, struct error *err);

/* Sends the request, then waits for the verdict. *ret_interrupted: a signal ended it. */
MUST_CHECK int follow_run(struct follow *follow, const struct request *request,
                          bool *ret_interrupted, struct error *err);

/* For the owner's own watches, which it frees first. Borrowed. */
struct loop *follow_loop(const struct follow *follow);
/* Asks the judge. */
void follow_look(struct follow *follow);

/* What is known, for the judge. */
size_t follow_count(const struct follow *follow);
const struct record *follow_record(const struct follow *follow, size_t index);
const struct record *follow_find(const struct follow *follow, const char *instance);
/* The project is no more. */
bool follow_ended(const struct follow *follow);
/* A signal asked to stop. */
bool follow_stopping(const struct follow *follow);

#endif
