/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside supervise/: what a container leaves on disk goes with it. Named volumes stay; anonymous
 * ones are carried over to what takes its place.
 */
#ifndef YAWL_ORCHESTRATOR_SUPERVISE_REMOVAL_H
#define YAWL_ORCHESTRATOR_SUPERVISE_REMOVAL_H

#include "orchestrator/supervise/supervisor_state.h"

/* Sets is.retry_at_ms when something could not be removed yet. */
void instance_remove(struct instance *instance, uint64_t now_ms);
/* From now on it is to be absent. */
void instance_dismiss(struct instance *instance);

#endif
