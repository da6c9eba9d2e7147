/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The supervisor of one project: parent of its containers, owner of what is wanted, heart of `up`.
 *
 * It may be killed at any time. What it knows is on disk and in the kernel; the keeper starts
 * another, which adopts.
 */
#ifndef YAWL_ORCHESTRATOR_SUPERVISE_SUPERVISOR_H
#define YAWL_ORCHESTRATOR_SUPERVISE_SUPERVISOR_H

/*
 * Runs until the project has ended (returns 0). keeper_fd is the socket to the keeper; ready_fd
 * gets "ok" or an error text once requests are served, or is -1. Both are taken over.
 */
int supervisor_main(const char *project, int take_keeper_fd, int take_ready_fd);

#endif
