/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events of an `up` for tests, in ms since the machine was started.
 */
#ifndef YAWL_TESTS_UNIT_ORCHESTRATOR_CLI_TIMELINE_TIMELINE_FIXTURE_H
#define YAWL_TESTS_UNIT_ORCHESTRATOR_CLI_TIMELINE_TIMELINE_FIXTURE_H

#include "orchestrator/cli/timeline/timeline.h"

enum { STORY_MAX = 100 };

struct story {
    struct arena *arena;
    struct event events[STORY_MAX];
    size_t count;
};

/* Adds an event; members that are times of the clock are in ms. */
void story_tell(struct story *story, struct event event);
/* Of the container "p-SERVICE-1". */
void story_of(struct story *story, const char *service, struct event event);

/*
 * A shop: load 1000-1010, pull db 1010-1500 and web 1010-1200, plan 1500-1510, up 1520, network
 * 1521-1525, all created at 1530; db starts 1531-1540 and is healthy at 1900 with its third probe;
 * api waits for it and starts 1901-1910; web waits for api to start and starts 1911-1920.
 */
void story_shop(struct story *story);

struct timeline *story_timeline(const struct story *story);

/* The spans of a track, as "create 1-2, wait 2-3": ms since the beginning. */
void track_text(const struct track *track, struct text *out);

#endif
