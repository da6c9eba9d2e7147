/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside supervise/: what is mounted into every container has to have something to be mounted on.
 *
 * Where an image lacks it, each container would get directories and files of its own for that, on
 * disk. Instead the project has a layer with them, which lies below those of every image.
 */
#ifndef YAWL_ORCHESTRATOR_SUPERVISE_MOUNT_POINTS_H
#define YAWL_ORCHESTRATOR_SUPERVISE_MOUNT_POINTS_H

#include "orchestrator/supervise/supervisor_state.h"

/* Makes the layer, unless it is there. */
MUST_CHECK int mount_points_make(const struct project_dir *dir, struct error *err);

/* Puts it below the layers, if there is room. */
struct string_list mount_points_below(const struct project_dir *dir, struct string_list layers,
                                      struct arena *arena);

#endif
