/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keeper of one project: parent of the supervisor and of the net worker, and child subreaper,
 * so that a container whose supervisor died is reaped and its exit status kept. It restarts both
 * when they die and holds the descriptors that must outlast them. No event loop, no parsing of
 * anything from outside.
 *
 * It is found by its lock; it may be killed too. Then the supervisor, which is the parent of the
 * containers, becomes the keeper by executing it, and the new keeper starts a new supervisor.
 */
#ifndef YAWL_ORCHESTRATOR_SUPERVISE_KEEPER_H
#define YAWL_ORCHESTRATOR_SUPERVISE_KEEPER_H

#include <stddef.h>

#include "common/error.h"
#include "common/text.h"

/* The hidden first arguments by which the program finds its role. */
#define ROLE_KEEPER "internal-keeper"
#define ROLE_SUPERVISOR "internal-supervisor"
#define ROLE_NET_WORKER "internal-net-worker"

/*
 * Runs until the project has ended. `parked` is "" or "NAME=FD,NAME=FD...": descriptors inherited
 * from a supervisor that became this keeper. ready_fd is handed to the first supervisor; -1: none.
 */
int keeper_main(const char *project, int take_ready_fd, const char *parked);

/* Starts a keeper for the project, detached from the caller's session. *ret_ready_fd gets "ok" or
 * an error text from the first supervisor, and end of file when there is another keeper already. */
MUST_CHECK int keeper_start(const char *project, int *ret_ready_fd, struct error *err);

/* Executes the keeper in place of this process, of the program at a path; NULL: our own. Returns
 * only on failure. */
int keeper_become(const char *program, const char *project, const char *parked, struct error *err);

#endif
