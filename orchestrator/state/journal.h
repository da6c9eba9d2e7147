/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The journal of a project: what happened to it, event after event (event.h), kept in its data
 * directory until `down` removes that. This is the writer; there is one, the supervisor.
 *
 * Theory of operation. Events are lines. They are gathered in memory, and appended by one write for
 * a turn of the loop; or before, when a record is about to be written that tells of them. So what
 * is in a record is in the journal too. A supervisor that is killed between the two has written
 * what happened: its successor, which does it again, finds it there and does not tell it again. A
 * line without its newline was torn by such a death: it never counted, and the next writer cuts it
 * off. Nothing is synced.
 *
 * A file that has become large is moved to JOURNAL_OLD, in place of the one there, and a new one
 * begins; so the journal stays below twice JOURNAL_MAX_BYTES.
 */
#ifndef YAWL_ORCHESTRATOR_STATE_JOURNAL_H
#define YAWL_ORCHESTRATOR_STATE_JOURNAL_H

#include "orchestrator/state/event.h"

#define JOURNAL_FILE "journal"
#define JOURNAL_OLD "journal.1"

enum {
    JOURNAL_MAX_BYTES = 1024 * 1024, /* of one file */
    JOURNAL_LINE_MAX = 16 * 1024,    /* of one event; readers pass over longer ones */
};

struct journal;

/* Opens or continues the journal in dir_fd, which is borrowed for the call. */
MUST_CHECK int journal_open(int dir_fd, struct journal **ret_journal, struct error *err);
/* What was not flushed is lost. */
void journal_free(struct journal *journal);
DEFINE_SCOPED(struct journal *, journal_free)

/* Takes it down, in memory. Where clock_ns or time_ns is 0, it is now. */
void journal_add(struct journal *journal, const struct event *event);

/* Writes what was taken down; all of it or, with -1, nothing. It is then tried again with the next
 * flush, but a disk that stays full costs events, not memory. */
MUST_CHECK int journal_flush(struct journal *journal, struct error *err);

#endif
