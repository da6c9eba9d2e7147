/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everything that is needed to run one container: the OCI runtime specification's model, as plain
 * data.
 *
 * Nothing here is resolved against the host yet except paths, which are absolute. Lives in the
 * arena of whoever made it.
 */
#ifndef YAWL_RUNTIME_CONTAINER_SPEC_H
#define YAWL_RUNTIME_CONTAINER_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/codec.h"

enum mount_kind { MOUNT_BIND, MOUNT_TMPFS, MOUNT_IMAGE, MOUNT_FILESYSTEM };

struct bundle_spec;
struct id_ranges;

struct mount_spec {
    enum mount_kind kind;
    const char *source;        /* bind: absolute host path */
    struct string_list layers; /* image: its unpacked layers, as the container's own */
    const char *target;        /* absolute, inside the container */
    const char
        *subpath; /* below the source, whose own links are followed inside of it only; or NULL */
    bool read_only;
    bool recursive;      /* bind: with the mounts below the source */
    bool writable_below; /* bind: `read_only` is not for these */
    bool create_source;  /* bind: make a missing source directory */
    bool no_fill; /* a volume that is not to be filled from the image; not the runtime's business */
    const char *propagation; /* "rprivate" (NULL), "rslave", "rshared", ... */
    const char *options;     /* tmpfs: data for the file system ("size=64m,mode=1777") */

    /* Of a bundle's mounts alone: */
    const char *type;    /* MOUNT_FILESYSTEM: "proc", "cgroup", "ext4" */
    uint64_t set, clear; /* MOUNT_ATTR_... */
    uint64_t set_recursively, clear_recursively;
    unsigned long propagation_flags;     /* MS_..., perhaps with MS_REC; instead of a word */
    const struct id_ranges *uids, *gids; /* how it maps ids; NULL: not */
    bool copies_up;                      /* tmpfs: begins with what the directory holds */
    bool keeps_link;                     /* the last link of the source is not followed */
    bool covers_link;                    /* nor that of the target */
    bool remounts;                       /* what is there already is changed */
    const char *context;                 /* SELinux label of a file system; or NULL */
};

struct ulimit_spec {
    const char *name;   /* "nofile" */
    int64_t soft, hard; /* -1 is unlimited */
};

/* A node of the host in the container; or, with no target, only the leave to use what the source
 * names as a rule: "c 189:*". */
struct device_spec {
    const char *source, *target;
    const char *permissions; /* some of "rwm" */
};

/* A program of the host that completes the container's root for a device, before anything runs in
 * it: with the container's mounts, as its root; OCI's createContainer. It is told the state on its
 * standard input, and finds the root by a bundle. */
struct device_hook {
    const char *path;
    struct string_list args, env; /* argv[0] among them; none: the path alone */
    int timeout_s;                /* 0: none */
};

/* One value for one file of a group, spelled for both versions of control groups. */
struct cgroup_setting {
    const char *key;        /* who asked for it: "linux.resources.memory.limit" */
    const char *controller; /* as v1 has it: "memory", "blkio" */
    const char *v1_file, *v1_value;
    const char *v2_file, *v2_value; /* NULL where a version has no such thing */
    bool optional;                  /* left out where the host has no such file */
};

/* Zero means "not limited" throughout. */
struct resource_spec {
    int64_t memory_bytes;
    int64_t memory_swap_bytes; /* memory plus swap; -1 unlimited; 0: twice the memory */
    int64_t memory_reservation_bytes;
    int64_t cpu_quota_us, cpu_period_us; /* `cpus: 0.5` is 50000 of 100000 */
    uint64_t cpu_shares;
    const char *cpuset;
    int64_t pids;    /* -1 unlimited */
    bool everywhere; /* a group in every hierarchy, whatever is limited: others look for it there */
    /* What has no name above, and all of an OCI bundle's. */
    struct cgroup_setting *settings;
    size_t n_settings;
};

/* Where the ids of a container's user namespace lie on the host: [0, count) inside is [base,
 * base+count). A base of 0 is for those who have no ids to spare, ordinary users: the container's
 * ids are ours (common/own_ids.h), and nothing has to be shifted on disk. */
struct id_map {
    uint32_t base;
    uint32_t count; /* 0: no user namespace */
};

/* Whether what lies on disk shows other ids than a container with this map means. */
static inline bool id_map_shifts(struct id_map map)
{
    return map.count > 0 && map.base > 0;
}

struct container_spec {
    const char *id;       /* [a-z0-9_.-]+, unique on the host; names the cgroup */
    const char *hostname; /* NULL: the host's */
    const char *domainname;

    struct string_list
        args; /* entrypoint and command together; args[0] is looked up in PATH of env */
    struct string_list env; /* "NAME=value" */
    const char *cwd;        /* created when missing; NULL is "/" */
    const char *user; /* "", "uid", "name", "uid:gid", "name:group", ... looked up in the image */
    struct string_list groups; /* supplementary, names or numbers */

    struct string_list layers; /* absolute paths of unpacked layers, lowest first */
    const char *upper_dir;     /* absolute; holds "upper" and "work"; NULL: the root is read-only */
    bool read_only;            /* the root is mounted read-only after mountpoints exist */
    bool upper_is_layer;       /* the upper directory is going to be a layer; see rootfs.h */
    struct mount_spec *mounts;
    size_t n_mounts;
    const char *etc_dir; /* absolute host directory with hosts, hostname and resolv.conf to mount;
                            or NULL */

    struct id_map id_map;
    bool privileged;
    bool init; /* our own init as process 1 */
    bool tty;  /* stdio is a new pty; stdin_fd.. are not used */
    bool no_new_privileges;
    bool host_network; /* share the caller's network namespace */
    bool host_pid, host_ipc, host_uts;
    bool host_cgroup; /* no control group namespace: it sees the tree that the host sees */
    bool seccomp_unconfined;
    struct string_list cap_add, cap_drop; /* with or without CAP_, any case, "ALL" */
    struct string_list sysctls;           /* "name=value" */
    struct ulimit_spec *ulimits;
    size_t n_ulimits;
    struct device_spec *devices;
    size_t n_devices;
    struct device_hook *device_hooks;
    size_t n_device_hooks;
    struct resource_spec resources;
    const char *cgroup_parent; /* "yawl/PROJECT", "/CHOSEN/yawl/PROJECT"; see cgroup.h */
    int64_t shm_bytes;         /* 0: 64 MiB */
    int oom_score_adj;
    const struct bundle_spec *bundle; /* or NULL; instead of layers, user, id_map, host_... above */
    const char *stdin_path; /* a FIFO that somebody holds open for writing; NULL: /dev/null */
    const char *stdout_path, *stderr_path; /* FIFOs, opened read-write; NULL: /dev/null */
};

/* For plans on disk. */
extern const struct codec_field container_spec_codec[];

#endif
