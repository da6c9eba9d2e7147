/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an OCI bundle says itself about its container, and what a Compose service leaves to us: the
 * root as a plain directory, every mount, every node, who the program runs as, hooks.
 *
 * A container_spec with a bundle has nothing that the bundle does not name: no file system, no
 * hidden path, no capability of our own. Plain data, as the spec.
 */
#ifndef YAWL_RUNTIME_BUNDLE_SPEC_H
#define YAWL_RUNTIME_BUNDLE_SPEC_H

#include <linux/filter.h>
#include <sched.h>
#include <sys/types.h>

#include "common/number_set.h"
#include "runtime/container_spec.h"

struct device_rules;

/* Ids [inside, inside+count) of a user namespace are [outside, outside+count) of its parent. */
struct id_range {
    uint32_t inside, outside, count;
};

struct id_ranges {
    struct id_range *items;
    size_t count;
};

/* A namespace that exists: joined instead of made. */
struct namespace_path {
    int type; /* CLONE_NEW... */
    const char *path;
};

struct node_spec {
    const char *path; /* in the container */
    mode_t type;      /* S_IFCHR, S_IFBLK, S_IFIFO */
    mode_t mode;
    dev_t number;
    uint32_t uid, gid;
};

struct hook_spec {
    const char *path;
    const char *const *args; /* NULL-terminated, argv[0] among them */
    const char *const *env;  /* NULL-terminated; NULL: empty */
    int timeout_s;           /* 0: none */
};

struct hook_list {
    struct hook_spec *items;
    size_t count;
    const char *kind; /* "poststop": for what is told of one that fails */
};

struct bundle_hooks {
    struct hook_list prestart, create_runtime; /* in the caller's namespaces, before pivot_root */
    struct hook_list create_container;         /* in the container's, before pivot_root */
    struct hook_list start_container;          /* in the container, right before its program */
    struct hook_list poststart, poststop;      /* in the caller's; not the runtime library's */
    const char *output_paths[2]; /* absolute: where standard output and error are appended to; NULL:
                                    our standard error */
};

/* sched_setattr(2). */
struct scheduling_spec {
    uint32_t policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime, deadline, period;
};

/* set_mempolicy(2). */
struct memory_policy_spec {
    int mode;                /* MPOL_..., with MPOL_F_... */
    struct number_set nodes; /* may be empty */
};

/* What one program of the container is given: process 1, or one that is run in it. */
struct process_spec {
    uint32_t uid, gid;
    const uint32_t *groups; /* supplementary, without gid */
    size_t n_groups;
    mode_t umask;
    uint64_t bounding, effective, permitted, inheritable, ambient; /* capabilities */
    struct sock_fprog filter;                                      /* of length 0: none */
    unsigned filter_flags;                                         /* SECCOMP_FILTER_FLAG_... */
    const char *listener_path, *listener_metadata; /* who is told of calls, with NEW_LISTENER; or
                                                      NULL */
    struct ulimit_spec *limits;                    /* names as in ulimit_spec: "nofile" */
    size_t n_limits;
    const struct scheduling_spec *scheduling;       /* or NULL */
    const struct memory_policy_spec *memory_policy; /* or NULL */
    const struct number_set *cpus; /* where it may run, once it is in the container's control group;
                                      NULL: as it is */
    int io_priority;               /* ioprio_set(2); -1: as it is */
    bool has_personality;
    unsigned long personality;
    bool has_oom_score;
    int oom_score;
    const char *exec_label; /* of SELinux or AppArmor; NULL: none */
    bool label_is_apparmor;
    bool new_keyring;       /* a session keyring of its own */
    size_t n_preserved;     /* descriptors from 3 on that it gets */
    uint16_t rows, columns; /* of its terminal; 0: as it is */
};

struct bundle_spec {
    const char *oci_version, *id, *dir; /* for the state that hooks are told */
    const char *annotations;            /* the same; a JSON object */

    const char *root_dir;           /* absolute */
    unsigned long root_propagation; /* MS_..., perhaps with MS_REC; 0: private */
    bool no_pivot;                  /* the root is moved over the old one, which stays below it */
    struct string_list hidden_paths, read_only_paths;
    struct node_spec *nodes;
    size_t n_nodes;

    uint64_t new_namespaces; /* CLONE_NEW... */
    struct namespace_path *joined;
    size_t n_joined;
    struct id_ranges uids, gids; /* of a new user namespace */
    const char *time_offsets;    /* lines for timens_offsets(7), or NULL */

    const struct process_spec *process;
    const struct device_rules *device_rules; /* NULL: every device may be used. Nothing for who is
                                                root of a user namespace alone: he makes none */
    struct bundle_hooks hooks;
    int start_fd; /* where the container waits to be started by another process; -1: by the channel
                   */
};

/* Whether the bundle makes or joins a namespace of this type. */
static inline UNUSED bool bundle_has_namespace(const struct bundle_spec *bundle, int type)
{
    for (size_t i = 0; i < bundle->n_joined; i++)
        if (bundle->joined[i].type == type)
            return true;
    return bundle->new_namespaces & (uint64_t)type;
}

/* Whether the container has a user namespace other than the caller's. */
static inline UNUSED bool spec_has_user_namespace(const struct container_spec *spec)
{
    return spec->bundle ? bundle_has_namespace(spec->bundle, CLONE_NEWUSER)
                        : spec->id_map.count > 0;
}

#endif
