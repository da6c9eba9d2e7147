/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What journal_note.h keeps with the supervisor and with each of its instances; nobody else looks
 * at it.
 */
#ifndef YAWL_ORCHESTRATOR_SUPERVISE_NOTED_H
#define YAWL_ORCHESTRATOR_SUPERVISE_NOTED_H

#include <stdbool.h>
#include <stdint.h>

#include "common/text.h"
#include "orchestrator/state/event.h"
#include "orchestrator/state/journal.h"
#include "orchestrator/state/record.h"

struct recalled;

/* Of the supervisor. */
struct notes {
    struct journal *journal;
    bool broken;               /* it could not be written */
    struct recalled *recalled; /* what it had at the beginning */
    uint64_t up;               /* the last one */
};

/* Of an instance. */
struct noted {
    enum event_kind life;                   /* which of create, start, die and destroy came last */
    int starts;                             /* and of which start */
    enum health health;                     /* told since then */
    bool stopping;                          /* it was sent a signal to stop */
    bool bounced;                           /* its next start is a restart */
    struct text waits_for;                  /* what was told of it */
    uint64_t probe_began_ns, hook_began_ns; /* CLOCK_MONOTONIC */
};

#endif
