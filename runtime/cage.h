/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The child's side of a container start: everything that it needs, opened and resolved by the
 * starter before the clone, and what it does with it.
 *
 *   starter                                child (cage_run)
 *   cage_plan(): sources, program, ...
 *   clone3() ----------------------------->
 *   maps ids, enters cgroups -- ENTERED -->
 *                                 <-- ALIVE --
 *   mounts the root                        becomes root of its namespaces, makes /proc, /dev, ...
 *                               MOUNTS --> attaches everything
 *   looks up the user         IDENTITY --> terminal, read-only root, pivot_root
 *   (network is furnished)       START --> sysctls, stdio, privileges
 *                                  <-- EXEC -- execve; end of file
 *
 * The starter waits for nothing but ALIVE, and for that only before the container is created: what
 * it says meanwhile lies in the channel.
 *
 * FAILED may come instead of anything from the child. Files named cage_*.c run in the child,
 * between clone3() and execve(): async-signal-safe calls only, no allocation.
 */
#ifndef YAWL_RUNTIME_CAGE_H
#define YAWL_RUNTIME_CAGE_H

#include "common/text.h"
#include "runtime/bundle_spec.h"
#include "runtime/cgroup/cgroup.h"
#include "runtime/channel.h"
#include "runtime/hooks.h"
#include "runtime/host_devices.h"
#include "runtime/mount_plan.h"
#include "runtime/program.h"
#include "runtime/sysctls.h"

enum { CAGE_MAX_CONTROLLERS = 16 };

/* What a bundle needs besides. */
struct cage_bundle {
    int *node_fds; /* one a node of the bundle: the host's as a mount, in a user namespace, or -1;
                    * or NULL */
    int made_nodes_fd; /* a tmpfs with those that the host has not; see device_nodes.h; or -1 */
    struct hook_files hook_files;
};

/* The hooks of the spec's devices, and what they are told. */
struct cage_hooks {
    struct hook_list list;
    struct text config; /* of the bundle that they find the root by */
    struct hook_files files;
};

struct cage {
    const struct container_spec *spec;
    struct program program;
    struct mount_plan mounts;
    struct sysctls sysctls;
    struct host_devices devices;
    struct cgroup_view {
        bool is_v2;
        const char *controllers[CAGE_MAX_CONTROLLERS]; /* v1 hierarchies: "cpu,cpuacct" */
        size_t n_controllers;
        int *group_fds; /* the container's own groups as mounts, in that order, -1 where it has
                         * none; NULL: the child mounts them, in its own namespace */
    } cgroups;
    int channel_fd;            /* the child's end */
    int input_fd;              /* standard input, or -1: /dev/null */
    int output_fds[2];         /* standard output and error, or -1: /dev/null */
    int shm_fd, mqueue_fd;     /* the host's or a partner's, when they are shared, else -1 */
    struct cage_bundle bundle; /* of a spec with a bundle alone */
    struct cage_hooks hooks;   /* of one without */
};

/* Opens everything; texts and lists in the arena. Zero-initialized by the caller; cage_close() in
 * any case. */
MUST_CHECK int cage_plan(const struct container_spec *spec, struct arena *arena, struct cage *cage,
                         struct error *err);
/* For a bundle that stays in the host's cgroup namespace: what it sees of the groups is its own all
 * the same. Once its group is there. */
MUST_CHECK int cage_open_groups(struct cage *cage, const struct cgroup *cgroup, struct arena *arena,
                                struct error *err);
void cage_close(struct cage *cage);

/* Runs in the child. Never returns; what went wrong is sent as CHANNEL_FAILED. */
_Noreturn void cage_run(struct cage *cage);

/*
 * What the child has made so far; for cage_*.c alone.
 */
struct cage_state {
    struct cage *cage;
    struct failure failure;
    struct channel_message message; /* the last one received */
    struct identity identity;
    int root_fd;     /* the container's root */
    int proc_fd;     /* a fresh procfs, before anything is mounted over parts of it */
    int settings_fd; /* a copy of it that nobody can mount over; -1 unless sysctls are asked for */
    int sys_fd;
    int dev_fd; /* -1 when a mount of the spec replaces /dev */
    int pts_fd, shm_fd, mqueue_fd;
    int mask_fd; /* an empty read-only tmpfs with a directory "dir" and a file "file" */
    int tty_fd;  /* the terminal's slave */
};

/* cage_system.c: /proc, /sys, the control groups, and what is hidden of them. Made while the
 * starter builds the root, attached after that. */
MUST_CHECK int cage_make_systems(struct cage_state *state);
MUST_CHECK int cage_attach_systems(struct cage_state *state);
MUST_CHECK int cage_hide(struct cage_state *state);
MUST_CHECK int cage_make_mask(struct cage_state *state);
MUST_CHECK int cage_drop_mask(struct cage_state *state);
/* Covers a file or directory by an empty one, or by itself read-only. */
MUST_CHECK int cage_hide_file(struct cage_state *state, int target_fd, const char *name);
MUST_CHECK int cage_protect_file(struct cage_state *state, int target_fd, const char *name);
MUST_CHECK int cage_attach_cgroups(struct cage_state *state, int target_fd, unsigned attributes);

/* cage_dev.c: /dev. */
MUST_CHECK int cage_make_dev(struct cage_state *state);
MUST_CHECK int cage_attach_dev(struct cage_state *state);
MUST_CHECK int cage_open_tty(struct cage_state *state);
/* Opens /dev/null as the container has it; it is made sure that it is the null device. */
MUST_CHECK int cage_open_null(struct cage_state *state, int *ret_fd);

/* cage_mounts.c: the plan's mounts. */
MUST_CHECK int cage_attach_mounts(struct cage_state *state);

/* cage_hooks.c: hooks of devices. Opened before the clone; closed by cage_hooks_close(). */
MUST_CHECK int cage_hooks_plan(const struct container_spec *spec, struct arena *arena,
                               struct cage_hooks *hooks, struct error *err);
void cage_hooks_close(struct cage_hooks *hooks);
/* Mounts the root where hooks find it. */
MUST_CHECK int cage_attach_root_for_hooks(struct cage_state *state);
MUST_CHECK int cage_run_device_hooks(struct cage_state *state);

/* cage_bundle.c: all that a bundle asks for, from its namespaces to the hook before its program. */
MUST_CHECK int cage_enter_time(struct cage_state *state);
MUST_CHECK int cage_raise_loopback(struct cage_state *state);
MUST_CHECK int cage_furnish_bundle(struct cage_state *state);
MUST_CHECK int cage_await_start(struct cage_state *state);

/* Hears one message, or fails. */
MUST_CHECK int cage_expect(struct cage_state *state, enum channel_kind kind);

#endif
