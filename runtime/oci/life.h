/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The steps of a container's life, for the commands: create, start, end, delete.
 */
#ifndef YAWL_RUNTIME_OCI_LIFE_H
#define YAWL_RUNTIME_OCI_LIFE_H

#include "runtime/oci/record.h"

struct oci_creation {
    const char *id, *bundle; /* the bundle as it was given */
    const char *config;      /* file in it, or absolute */
    const char *pid_file, *console_socket;
    size_t n_preserved;
    bool no_new_keyring, no_pivot;
    bool starts_at_once; /* `run`: the container waits for us, not at a socket */
    bool is_foreground;  /* `run`: we can be the other side of its terminal */
};

/* Leaves a container that waits for its start; on error nothing is left. */
MUST_CHECK int life_create(struct oci_call *call, const struct oci_creation *creation,
                           struct oci_container *ret_container, struct error *err);

/* Starts one that was created, and waits until its program runs. One whose start or whose hooks
 * fail is deleted, as the specification wants it. */
MUST_CHECK int life_start(struct oci_call *call, struct oci_container *container,
                          struct error *err);

/* Kills what is left of it and removes everything; runs the hooks that come last. */
MUST_CHECK int life_delete(struct oci_call *call, struct oci_container *container,
                           struct error *err);

/* The same for who has let go of its lock to watch it: somebody else may have deleted it meanwhile,
 * and then nothing is left to do. */
MUST_CHECK int life_delete_watched(struct oci_call *call, struct oci_container *container,
                                   struct error *err);

/* Takes from the configuration's process what we have not ourselves and so cannot give, unless a
 * user namespace brings it. */
void life_limit_capabilities(struct oci_config *config);

/* Writes a number to a file, replacing it; NULL: nothing. */
MUST_CHECK int pid_file_write(const char *path, pid_t pid, struct error *err);

#endif
