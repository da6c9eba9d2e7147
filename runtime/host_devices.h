/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Device nodes for a container's /dev, taken from the host: the six that everybody has, and all of
 * them for a privileged container.
 */
#ifndef YAWL_RUNTIME_HOST_DEVICES_H
#define YAWL_RUNTIME_HOST_DEVICES_H

#include <stdbool.h>
#include <sys/types.h>

#include "common/arena.h"
#include "common/error.h"

enum { HOST_DEVICES_STANDARD = 6 };

struct host_device {
    const char *name; /* below /dev */
    mode_t mode;
    dev_t number;
    uid_t uid;
    gid_t gid;
};

struct host_devices {
    /* In a user namespace nodes cannot be made: detached mounts of the host's, else -1. */
    int standard_fds[HOST_DEVICES_STANDARD];
    struct host_device *all; /* privileged only */
    size_t n_all;
};

/* Name and number of the standard devices. */
extern const struct host_device host_devices_standard[HOST_DEVICES_STANDARD];

/* Opens the six as mounts when `as_mounts`, and lists all the others when `all`.
 * host_devices_close() in any case. */
MUST_CHECK int host_devices_open(bool as_mounts, bool all, struct arena *arena,
                                 struct host_devices *ret_devices, struct error *err);
void host_devices_close(struct host_devices *devices);

#endif
