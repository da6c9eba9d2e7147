/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside supervise/: namespaces that instances share.
 *
 * A network or IPC namespace belongs to the instance that the others name, its owner, and lives as
 * long as any process in it: the owner comes back into it while its sharers live, and they notice
 * nothing. No descriptor is kept for that; whoever lives is the way in, also for a supervisor that
 * adopts. A PID namespace ends with its owner, and so do all who share it.
 */
#ifndef YAWL_ORCHESTRATOR_SUPERVISE_SHARING_H
#define YAWL_ORCHESTRATOR_SUPERVISE_SHARING_H

#include "orchestrator/supervise/supervisor_state.h"

/* Fills in whose namespaces the instance is born into, and changes the spec accordingly. Fails when
 * somebody whose namespace it is to share does not run. */
MUST_CHECK int sharing_prepare(struct instance *instance, struct container_spec *spec,
                               struct partners *ret_partners, struct error *err);

/* The network namespace of the instance, from whoever lives in it; -1: there is none. Borrowed. */
int sharing_netns_fd(const struct instance *instance);

/* The instance has no process any more. Its network stays while others use it, and one that it used
 * goes with its last user. */
void sharing_leave_network(struct instance *instance);

/* The instance has ended, and with it all who were in its PID namespace: those that are to run are
 * started again after it. */
void sharing_end_pid(struct instance *instance);

/* After adoption: networks whose owners do not run, but whose sharers do. */
void sharing_adopt(struct supervisor *supervisor);

#endif
