/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One running container: a process in its cage.
 *
 * container_create() clones the process into all its namespaces and returns while the child builds
 * its root; the caller may then furnish the network namespace. container_start() lets it go on to
 * execve. The report descriptor becomes readable when the start has succeeded or failed; nothing
 * here blocks longer than a few milliseconds.
 *
 * The handle owns the pidfd, the namespace descriptors and the root mount (held so that an exit
 * does not wait for a sync of the upper file system); of a container that comes back all mounts.
 * Freeing it never ends the process: container_kill() does.
 */
#ifndef YAWL_RUNTIME_CONTAINER_H
#define YAWL_RUNTIME_CONTAINER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/cleanup.h"
#include "common/error.h"
#include "runtime/cgroup/oom_victim.h"
#include "runtime/container_spec.h"
#include "runtime/mapped_tree.h"
#include "runtime/partners.h"

struct cgroup;
struct container;
struct device_program_cache;
struct kept_root;

/* What a container is made with beside its spec; all of it borrowed. */
struct container_surroundings {
    struct mapped_tree *tree;                     /* of image store and data; NULL: none */
    struct device_program_cache *device_programs; /* of who starts many; NULL: none */
    /* Of a container that comes back after its end, for all of its starts; else NULL. */
    struct kept_root *kept_root;
    struct partners partners; /* whose namespaces it shares */
    /* Of a bundle: is called once its namespaces are there, before any hook runs; or NULL. */
    int (*furnish)(void *owner, pid_t pid, struct error *err);
    void *owner;
};

/* Clones the process; `surroundings` may be NULL. On error nothing is left. *ret_container is the
 * caller's. */
MUST_CHECK int container_create(const struct container_spec *spec,
                                const struct container_surroundings *surroundings,
                                struct container **ret_container, struct error *err);

/* Lets a created container run its program. Returns at once; see container_report_fd(). */
MUST_CHECK int container_start(struct container *container, struct error *err);

/* For a bundle's container: waits until all is made and only the start is missing, however long the
 * bundle's hooks take. On error it has ended. */
MUST_CHECK int container_await_ready(struct container *container, struct error *err);

/* Readable once the outcome of the start is known. -1 after it was read. */
int container_report_fd(const struct container *container);

enum container_report { REPORT_PENDING, REPORT_STARTED, REPORT_FAILED };

/* Reads the outcome without blocking. REPORT_FAILED fills err ("mount '/proc': ...", "run 'foo': No
 * such file or directory") and *ret_exit_code with 126 (cannot run), 127 (not found) or 125 (ours).
 */
enum container_report container_report_read(struct container *container, int *ret_exit_code,
                                            struct error *err);

/* Finds a container that another process of ours started. *ret_container is NULL when it is gone.
 * A bundle of the spec stays borrowed, as it does after container_create(). */
MUST_CHECK int container_adopt(const struct container_spec *spec, pid_t pid, uint64_t start_time,
                               struct container **ret_container, struct error *err);

void container_free(struct container *container);
DEFINE_SCOPED(struct container *, container_free)

pid_t container_pid(const struct container *container);
uint64_t container_start_time(const struct container *container);
/* Readable when process 1 has ended. Borrowed. */
int container_pidfd(const struct container *container);
/* Whether it has a user namespace, of its own or its partners'. */
bool container_in_user_namespace(const struct container *container);
/* The container's network namespace, or -1 with host_network. Borrowed. */
int container_netns_fd(const struct container *container);
/* Gives away what keeps the container's mounts, -1 for what it has not: whoever closes it last, or
 * process 1 in its end when nobody has it, waits until the kernel has let go of them all. The
 * container runs on without. */
enum { CONTAINER_MOUNT_FDS = 2 };
void container_take_mounts(struct container *container, int ret_fds[CONTAINER_MOUNT_FDS]);
/* Pty master when spec->tty, else -1; known once the report was read. Borrowed. */
int container_tty_fd(const struct container *container);

/* Why the container has less of a user namespace than its spec asks for ("no user namespace: ...",
 * "files that the container writes belong to shifted ids on disk: ..."), or NULL. */
const char *container_userns_note(const struct container *container);

/* Sends a signal to process 1 by its pidfd. A process that is gone is no error. */
MUST_CHECK int container_signal(struct container *container, int signal_number, struct error *err);

/* Whether process 1 would see the signal: caught or blocked. When not, the kernel drops it (SIGKILL
 * and SIGSTOP excepted) and waiting for a grace period is pointless. */
bool container_sees_signal(const struct container *container, int signal_number);

/* Its root as process 1 has it, as a descriptor for paths, which is the caller's; -1 with errno,
 * also when the process has ended. */
int container_open_root(const struct container *container);

/* Its control group; NULL when it has none any more. Borrowed. */
struct cgroup *container_cgroup(const struct container *container);

/* Makes the far end of this socket the one that container_start() and the report speak to. */
void container_take_channel(struct container *container, int take_fd);

/* Kills every process of the container's cgroup. */
MUST_CHECK int container_kill(struct container *container, struct error *err);

/* Stops every process of the container where it is, or lets them go on. Returns once they have, a
 * second later at the most. Killing works on frozen processes too; signals are seen after. */
MUST_CHECK int container_freeze(struct container *container, bool frozen, struct error *err);

/* Removes the cgroup and what else is left after process 1 was reaped. Absent is fine. The upper
 * directory stays. Returns -1 with EBUSY in err->number while processes remain. */
MUST_CHECK int container_cleanup(const char *cgroup_parent, const char *id, struct error *err);

/* True when the kernel ended a process of this container for lack of memory since its start. */
bool container_oom_killed(const struct container *container);

/* Who ran out of memory and how much there was; 0 and "" for what is not known. Until
 * container_cleanup(). */
struct container_memory {
    uint64_t limit_bytes, peak_bytes;
    struct oom_victim victim; /* the last process that was killed for it */
};
void container_memory_read(const struct container *container, const char *cgroup_parent,
                           const char *id, struct container_memory *ret_memory);

struct exec_spec {
    struct string_list args, env; /* env replaces; give the container's own with additions */
    const char *cwd, *user;       /* NULL: the container's */
    bool privileged;
    bool tty;         /* stdio_fds[0] is the pty's other end, made the controlling terminal */
    int stdio_fds[3]; /* become 0, 1, 2; borrowed */
    const struct process_spec *process; /* of a bundle's container; instead of `user`; or NULL */
    struct cgroup *cgroup;              /* below the container's, which NULL stands for; borrowed */
};

struct exec_result {
    pid_t pid;     /* a child of the caller, to reap */
    int pidfd;     /* the caller's, to poll and close */
    int exit_code; /* on failure: 126 (cannot run), 127 (not found) or 125 (ours) */
};

/* Runs a program inside, with the container's namespaces, cgroup, capabilities and filter. Blocks
 * until execve is done (about half a millisecond; five seconds at most, when the container is
 * frozen). */
MUST_CHECK int container_execute(struct container *container, const struct container_spec *spec,
                                 const struct exec_spec *exec, struct exec_result *ret_result,
                                 struct error *err);

/* A new terminal in the container's devpts, for exec_spec.tty. Both ends are the caller's. */
MUST_CHECK int container_open_tty(const struct container *container, int *ret_master_fd,
                                  int *ret_slave_fd, struct error *err);

#endif
