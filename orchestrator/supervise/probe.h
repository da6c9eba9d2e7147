/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside supervise/: the health probe that runs in a container.
 */
#ifndef YAWL_ORCHESTRATOR_SUPERVISE_PROBE_H
#define YAWL_ORCHESTRATOR_SUPERVISE_PROBE_H

#include "orchestrator/supervise/supervisor_state.h"

MUST_CHECK int probe_start(struct instance *instance, uint64_t now_ms, struct error *err);
/* Kills it; the result is a failure. */
void probe_time_out(struct instance *instance, uint64_t now_ms);
/* The container is gone: no result. */
void probe_drop(struct instance *instance);

#endif
