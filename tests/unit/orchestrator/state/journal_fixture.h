/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A data root with one project, "p", for tests of the journal's writer and reader.
 */
#ifndef YAWL_TESTS_UNIT_ORCHESTRATOR_STATE_JOURNAL_FIXTURE_H
#define YAWL_TESTS_UNIT_ORCHESTRATOR_STATE_JOURNAL_FIXTURE_H

#include "orchestrator/state/journal.h"
#include "orchestrator/state/journal_reader.h"

struct journal_place {
    char root[40];
    int dir_fd; /* of the project */
};

struct journal_place journal_place_new(void);
void journal_place_free(struct journal_place *place);

/* A new project of the same name, after the end of the one that was. */
void journal_place_renew(struct journal_place *place);

struct journal *journal_at(const struct journal_place *place);
/* Adds events start with these exit codes from..to-1, and flushes each. */
void journal_fill(struct journal *journal, int from, int to);

/* What a reader gives now, as "1 2 3": the codes. */
void codes_read(struct journal_reader *reader, struct text *out);

#endif
