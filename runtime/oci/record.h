/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is kept about a container between calls: a folder ROOT/ID with
 *
 *   status        this record as JSON, replaced in one step; crun's name for its own
 *   config.json   the bundle's configuration as it was when the container was created
 *   start.sock    where the container waits for its start; gone once it was started
 *
 * The folder is locked by whoever changes the container's life (create, start, delete).
 */
#ifndef YAWL_RUNTIME_OCI_RECORD_H
#define YAWL_RUNTIME_OCI_RECORD_H

#include <stdint.h>

#include "runtime/container.h"
#include "runtime/oci/call.h"
#include "runtime/oci/config.h"

struct oci_record {
    const char *id, *bundle, *created; /* the time, as RFC 3339 has it */
    const char *boot_id;
    int pid;             /* 0: it is being created */
    uint64_t start_time; /* of the process */
    const char *cgroup_parent, *cgroup_name;
    const char *unit;                            /* of systemd, whose group it is; or NULL */
    const char *resctrl_class, *resctrl_monitor; /* what was made for it; see resctrl.h */
    int owner;                                   /* user id */
    /* Without a mount namespace of its own: the mount at the place of its root before it came. What
     * is mounted there besides is its. 0: it has one. */
    uint64_t place_mount;
    const char *external_descriptors; /* as crun has it: where 0 to 2 of the program lead to, as an
                                         array in JSON: ["/dev/null", "pipe:[7]", ...] */
};

enum oci_status { OCI_CREATING, OCI_CREATED, OCI_RUNNING, OCI_PAUSED, OCI_STOPPED };
const char *oci_status_name(enum oci_status status);

struct oci_container {
    int dir_fd; /* its folder */
    struct oci_record record;
    enum oci_status status;
    struct oci_config config;
    struct container *handle; /* NULL when its process is gone */
    int notify_fd;            /* where its program says that it is ready; see notify_socket.h */
};

/* What oci_container_close() may be called for. */
#define OCI_CONTAINER_NONE ((struct oci_container){.dir_fd = -1, .notify_fd = -1})

/* Refuses what cannot name a container. */
MUST_CHECK int oci_id_check(const char *id, struct error *err);

/* Makes the folder, locked. *ret_fd is the caller's. One that is there already is an error. */
MUST_CHECK int oci_folder_make(const struct oci_call *call, const char *id, int *ret_fd,
                               struct error *err);
/* Removes it. */
MUST_CHECK int oci_folder_remove(const struct oci_call *call, const char *id, struct error *err);
/* The names of all there are. */
MUST_CHECK int oci_folder_list(struct oci_call *call, struct string_list *ret_ids,
                               struct error *err);

MUST_CHECK int oci_record_write(int dir_fd, const struct oci_record *record, struct error *err);

/* Lets others change its life, while it is only watched. */
void oci_container_unlock(const struct oci_container *container);

enum {
    OCI_LOCKED = 1,   /* nobody else changes its life meanwhile */
    OCI_FILTERED = 2, /* with the seccomp profile */
};

/* Opens a container that exists, with its configuration and, while it lives, its process.
 * oci_container_close() in any case. */
MUST_CHECK int oci_container_open(struct oci_call *call, const char *id, unsigned how,
                                  struct oci_container *ret_container, struct error *err);
void oci_container_close(struct oci_container *container);

/* Whether it waits for its start at the socket in its folder. */
MUST_CHECK int oci_waits_at_socket(int dir_fd, bool *ret_waits, struct error *err);

/* Visits every process of a container that lives, or of what is left of its control group. */
void oci_container_visit(const struct oci_container *container,
                         void (*visit)(pid_t pid, void *context), void *context);

/* Sets where the control group is, from the configuration or our own place; of a scope that systemd
 * is to make only its name. */
MUST_CHECK int oci_cgroup_choose(struct oci_call *call, struct oci_config *config, const char *id,
                                 struct error *err);

#endif
