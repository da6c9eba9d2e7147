/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the supervisor writes into the project's journal (state/journal.h): one call where something
 * has happened. The pass flushes them, before the records that tell of the same.
 *
 * A supervisor that takes over finds in the journal what its predecessor told last of a container,
 * and does not tell it again: what is in no record yet is done again, and what is in none of both
 * had not happened.
 */
#ifndef YAWL_ORCHESTRATOR_SUPERVISE_JOURNAL_NOTE_H
#define YAWL_ORCHESTRATOR_SUPERVISE_JOURNAL_NOTE_H

#include "orchestrator/supervise/supervisor_state.h"

/* Opens the journal and reads what it has, before anything is adopted. */
MUST_CHECK int journal_note_open(struct supervisor *supervisor, struct error *err);
/* Before a record is written, and at the end of a pass; what cannot be written is said in the log.
 */
void journal_note_flush(struct supervisor *supervisor);
/* An instance that is adopted takes up what is known of it. */
void journal_note_recall(struct instance *instance);

/* A container was created, has begun to start, was started, paused, let go on, removed. */
void journal_note(struct instance *instance, enum event_kind kind);
/* ACTION_CREATE was done, and had begun at began_ns (CLOCK_MONOTONIC). */
void journal_note_create(struct instance *instance, uint64_t began_ns);
/* A signal was sent: on the way to a stop, or because its user says so. */
void journal_note_kill(struct instance *instance, int signal_number, bool to_stop);
/* Process 1 is gone, and the record says how. */
void journal_note_exit(struct instance *instance);
/* The start was not to be done; the message says why. */
void journal_note_failure(struct instance *instance);
/* It is to be started again by `restart`. */
void journal_note_bounce(struct instance *instance);

/* It waits for a container or a network. May be called again and again. */
void journal_note_wait(struct instance *instance, const char *on, const char *what);

/* A probe has ended with this wait status, and health may be another than before. */
void journal_note_probe(struct instance *instance, enum health before, int wait_status);

/* The hook that runs has begun or ended. */
void journal_note_hook_start(struct instance *instance, const struct plan_hook *hook);
void journal_note_hook_end(struct instance *instance, enum hook_kind kind, int exit_code);

/* `exec` has run a program in the container that the request names. */
void journal_note_exec(struct supervisor *supervisor, const struct request *request);

/* An `up` was taken on, with what its command line has done before. */
void journal_note_up(struct supervisor *supervisor, const struct request *request);
/* Networks were made since began_ns (CLOCK_MONOTONIC). */
void journal_note_networks(struct supervisor *supervisor, uint64_t began_ns);

#endif
