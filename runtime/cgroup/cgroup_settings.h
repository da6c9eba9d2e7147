/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing single files of a control group, for who knows them by name (an OCI bundle), on v1, v2
 * and hybrid hosts.
 */
#ifndef YAWL_RUNTIME_CGROUP_CGROUP_SETTINGS_H
#define YAWL_RUNTIME_CGROUP_CGROUP_SETTINGS_H

#include <stdbool.h>

#include "common/error.h"
#include "runtime/container_spec.h"

/*
 * Writes all of them. The kernel takes some pairs in one order only, and which one depends on the
 * values that are there (a quota and its period, memory and memory with swap): what it refuses is
 * tried again after the others. A setting that this host has no file for is an error that names its
 * key, or is left out when they are only `wishes`. v1_fds has one directory for each controller, -1
 * where there is none, as has v2_fd.
 */
MUST_CHECK int cgroup_settings_write(int v2_fd, const int *v1_fds,
                                     const struct cgroup_setting *settings, size_t count,
                                     bool wishes, struct error *err);

/* The first that has no file here and is not optional; or NULL. */
const struct cgroup_setting *cgroup_settings_lacking(int v2_fd, const int *v1_fds,
                                                     const struct cgroup_setting *settings,
                                                     size_t count);

#endif
