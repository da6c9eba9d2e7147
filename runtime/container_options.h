/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a container is made of, for the files container*.c, and switches that tests turn to walk the
 * ways that this host would not need.
 */
#ifndef YAWL_RUNTIME_CONTAINER_OPTIONS_H
#define YAWL_RUNTIME_CONTAINER_OPTIONS_H

#include "runtime/cgroup/cgroup.h"
#include "runtime/container.h"
#include "runtime/rootfs.h"

struct container_options {
    struct container_surroundings surroundings;
    enum rootfs_way first_way; /* the better ways are not tried */
    bool plain_clone;          /* never clone into the control group */
};

/* As container_create(). */
MUST_CHECK int container_create_with(const struct container_spec *spec,
                                     const struct container_options *options,
                                     struct container **ret_container, struct error *err);

struct container {
    pid_t pid;
    int pidfd;
    uint64_t start_time;
    int netns_fd;
    int mntns_fd; /* keeps all of its mounts, if it comes back; or -1 */
    int root_fd;  /* keeps the root file system mounted; or -1 */
    int channel_fd;
    int tty_fd;
    struct cgroup *cgroup;
    const struct bundle_spec *bundle; /* of its spec, borrowed; or NULL */
    bool in_user_namespace;
    bool execs;     /* the child said that execve comes next */
    char note[256]; /* see container_userns_note() */
};

#endif
