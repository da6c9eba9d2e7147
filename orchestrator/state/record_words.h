/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a record says, in words for people. Pure: what is not in the record is not looked up.
 */
#ifndef YAWL_ORCHESTRATOR_STATE_RECORD_WORDS_H
#define YAWL_ORCHESTRATOR_STATE_RECORD_WORDS_H

#include "orchestrator/state/record.h"

/* How the last run ended, or why it could not begin: "exit status 127: a shell inside found no such
 * command", "killed by SIGKILL, sent by yawl stop: not ended 10s after SIGTERM". Nothing when no
 * run has ended. */
void record_end_words(const struct record *record, struct text *out);

/* "container shop-db-1 is unhealthy: health probe 3 of 3 failed: ...", "container shop-job-1 exited
 * (4)", or that it crashes again and again: for one that is in one of these states. */
void record_trouble_words(const struct record *record, struct text *out);

/* Why the last probe failed, in one line: the first of its output, else its exit. */
void record_probe_reason(const struct record_probe *probe, struct text *out);

/* "health probe 4 of 30 failed: connection refused", "health probe passed". Nothing when there was
 * none. */
void record_probe_words(const struct record_probe *probe, struct text *out);

/* "exit status 1", "SIGKILL", "timed out after 30s". */
void record_probe_exit(const struct record_probe *probe, struct text *out);

/* "4, 3 of them in a row; the next in 800ms"; nothing when there was none and none comes. */
void record_restart_words(const struct record *record, uint64_t now_ns, struct text *out);

#endif
