/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a service mounts and which devices it asks for, decoded. Borrows from the project's nodes.
 */
#ifndef YAWL_ORCHESTRATOR_COMPOSE_MOUNT_H
#define YAWL_ORCHESTRATOR_COMPOSE_MOUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "orchestrator/compose/value.h"

enum volume_kind { VOLUME_BIND, VOLUME_NAMED, VOLUME_TMPFS, VOLUME_IMAGE };

struct service_volume {
    enum volume_kind kind;
    const char *source; /* bind: absolute path; named: key in project.volumes, NULL is anonymous */
    const char *target;
    bool read_only, create_host_path, nocopy;
    const char *propagation, *subpath;
    const char *recursive; /* bind: "disabled", "writable", "readonly"; NULL, "enabled": as usual */
    int64_t tmpfs_size_bytes;
    int tmpfs_mode; /* 0: default */
    struct position at;
};

/* A secret or config granted to a service. */
struct grant {
    const char *source; /* key in project.secrets or project.configs */
    const char *target; /* absolute path in the container */
    const char *uid, *gid;
    int mode; /* -1: default 0444 */
    struct position at;
};

struct tmpfs {
    const char *target, *options; /* options may be NULL */
};

/* Devices by what they can do (`gpus`, `deploy.resources.reservations.devices`). */
struct device_request {
    const char *driver;       /* "cdi", "nvidia"; NULL: whatever has a GPU */
    struct string_list names; /* of devices; with "cdi" in full: "vendor.com/class=name" */
    int64_t count;            /* without names: the first so many; -1: all */
    bool gpu;                 /* is asked for */
    struct position at;
};

#endif
