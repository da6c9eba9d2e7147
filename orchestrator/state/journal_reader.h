/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the journal of a project from its oldest event on, and follows it: through rotations, and
 * through the end of the project to the next one of its name. It needs no supervisor.
 *
 * Every whole line is given once. A line that is not whole yet waits, one that is no event is
 * passed over.
 */
#ifndef YAWL_ORCHESTRATOR_STATE_JOURNAL_READER_H
#define YAWL_ORCHESTRATOR_STATE_JOURNAL_READER_H

#include "orchestrator/state/event.h"

struct journal_reader;

/* Of the project that keeps its data in projects/NAME below `data_root`; it need not exist. Both
 * are copied. */
struct journal_reader *journal_reader_new(const char *data_root, const char *project);
void journal_reader_free(struct journal_reader *reader);
DEFINE_SCOPED(struct journal_reader *, journal_reader_free)

/* Calls `each` for every event that has come since the last call, in their order. The event is
 * borrowed for the call. */
void journal_reader_read(struct journal_reader *reader,
                         void (*each)(const struct event *event, void *owner), void *owner);

/* Readable (inotify) when there may be more; then read. -1 when the system has no watch left: read
 * from time to time. Borrowed. Ask before the first read, so that nothing comes unseen. */
int journal_reader_watch_fd(struct journal_reader *reader);

#endif
