/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside supervise/: from a container's FIFOs to its log.
 */
#ifndef YAWL_ORCHESTRATOR_SUPERVISE_OUTPUT_H
#define YAWL_ORCHESTRATOR_SUPERVISE_OUTPUT_H

#include "orchestrator/supervise/supervisor_state.h"

/* "fifo/NAME.out": below the run directory, and in the keeper's store. */
void output_name(const struct output *output, char *ret_name, size_t size);
/* Opens the FIFOs and the log of a container that exists. */
MUST_CHECK int instance_open_output(struct instance *instance, struct error *err);
/* Everything that the container wrote until now is in the log afterwards. */
void output_drain(struct output *output);
void instance_drain_output(struct instance *instance);
void instance_close_output(struct instance *instance);
/* The FIFOs, and the log unless it is kept. */
void instance_remove_output(struct instance *instance);

#endif
