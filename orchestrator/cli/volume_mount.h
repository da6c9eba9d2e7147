/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Volumes that are file systems of their own (`driver_opts: {type: nfs, ...}`): mounted on the
 * volume's directory, in the host's mount namespace, as docker does. They stay mounted until
 * `down`, so that no start of a container waits for another machine.
 */
#ifndef YAWL_ORCHESTRATOR_CLI_VOLUME_MOUNT_H
#define YAWL_ORCHESTRATOR_CLI_VOLUME_MOUNT_H

#include "common/error.h"
#include "orchestrator/plan/plan.h"

/* Mounts it on volumes_fd/NAME/_data, unless that was done before. Waits for whoever has it. */
MUST_CHECK int volume_mount(int volumes_fd, const struct plan_volume *volume, struct error *err);

/* Also when somebody uses it still. What is not mounted is no error. */
MUST_CHECK int volume_unmount(int volumes_fd, const char *name, struct error *err);

#endif
