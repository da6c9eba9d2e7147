/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Talking to a project's supervisor; it is started when it is not there.
 */
#ifndef YAWL_ORCHESTRATOR_SUPERVISE_SUPERVISOR_CLIENT_H
#define YAWL_ORCHESTRATOR_SUPERVISE_SUPERVISOR_CLIENT_H

#include "common/arena.h"
#include "orchestrator/state/record.h"
#include "orchestrator/state/roots.h"
#include "orchestrator/supervise/request.h"

struct supervisor_client;

/* Connects; starts keeper and supervisor when nobody answers. Waits some seconds at the most. */
MUST_CHECK int supervisor_connect(const struct project_dir *dir, const char *project,
                                  struct supervisor_client **ret_client, struct error *err);
/* Connects and asks. A supervisor that dies before it answers, or that was about to end, has a
 * successor, which is asked again: requests may be repeated. */
MUST_CHECK int supervisor_ask(const struct project_dir *dir, const char *project,
                              const struct request *request, struct supervisor_client **ret_client,
                              struct error *err);
/* Has a supervisor of another build, if there is one, hand over to this program; waits for it. */
MUST_CHECK int supervisor_renew(const struct project_dir *dir, struct error *err);
void supervisor_client_free(struct supervisor_client *client);
DEFINE_SCOPED(struct supervisor_client *, supervisor_client_free)

/* Sends and waits for the answer; the error is the supervisor's own. */
MUST_CHECK int supervisor_client_request(struct supervisor_client *client,
                                         const struct request *request, struct error *err);

/* Tells a supervisor that is there, without waiting for anything; for "note". */
void supervisor_tell(const struct project_dir *dir, const struct request *request);

/* The master of a container's terminal, the caller's; -1 when it has none. */
MUST_CHECK int supervisor_client_terminal(struct supervisor_client *client, const char *container,
                                          struct arena *arena, int *ret_fd, struct error *err);

enum supervisor_event_kind {
    SUPERVISOR_NONE,     /* nothing waits */
    SUPERVISOR_RECORD,   /* record */
    SUPERVISOR_SNAPSHOT, /* all records of now were told */
    SUPERVISOR_GONE,     /* name */
    SUPERVISOR_END,      /* the project has ended */
    SUPERVISOR_LOST,     /* the supervisor died; connect again */
};

struct supervisor_event {
    enum supervisor_event_kind kind;
    struct record *record;
    const char *name;
};

/* Reads the next event without blocking; texts live in the arena. Poll supervisor_client_fd(). */
MUST_CHECK int supervisor_client_next(struct supervisor_client *client, struct arena *arena,
                                      struct supervisor_event *ret_event, struct error *err);
int supervisor_client_fd(const struct supervisor_client *client);

#endif
