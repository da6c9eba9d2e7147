/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside supervise/: what can be learnt of a container that has ended, while its control group is
 * still there.
 */
#ifndef YAWL_ORCHESTRATOR_SUPERVISE_AUTOPSY_H
#define YAWL_ORCHESTRATOR_SUPERVISE_AUTOPSY_H

#include "orchestrator/supervise/supervisor_state.h"

/* Fills what the record says of the end, except for the status and the time: who sent what, and, if
 * the kernel killed for lack of memory, how much there was and who took it. */
void autopsy(struct instance *instance);

#endif
