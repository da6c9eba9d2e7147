/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside supervise/: leases on what a container is made of. While they are held, collection of
 * images does not take the layers of what may run, whatever becomes of the images' names.
 */
#ifndef YAWL_ORCHESTRATOR_SUPERVISE_IMAGE_LEASES_H
#define YAWL_ORCHESTRATOR_SUPERVISE_IMAGE_LEASES_H

#include "orchestrator/supervise/supervisor_state.h"

/* For what is about to be made from the plan. */
MUST_CHECK int image_leases_take(struct instance *instance, struct error *err);
/* Of what was made. */
MUST_CHECK int image_leases_release(struct instance *instance, struct error *err);
/* At the end of the project: a reboot may have taken the records of some that hold one. */
MUST_CHECK int image_leases_release_all(const struct supervisor *supervisor, struct error *err);

#endif
