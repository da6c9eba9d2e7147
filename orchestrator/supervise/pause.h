/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside supervise/: freezing a container's processes and letting them go on.
 */
#ifndef YAWL_ORCHESTRATOR_SUPERVISE_PAUSE_H
#define YAWL_ORCHESTRATOR_SUPERVISE_PAUSE_H

#include "orchestrator/supervise/supervisor_state.h"

void instance_freeze(struct instance *instance, bool frozen, uint64_t now_ms);

#endif
