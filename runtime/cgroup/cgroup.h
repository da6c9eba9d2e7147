/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A container's control group, on cgroup v2, v1 and hybrid hosts (a mirror group in the v2 tree
 * gives kill, freeze and birth into the group also where the controllers are in v1).
 *
 * Layout: <root>/yawl/<project>/<id>, where <root> is the delegated group of an ordinary user or
 * the top. Only groups below "yawl" are ever created, written or removed; but for a parent that
 * begins with '/', see cgroup_tree.h. One that begins with "//" counts from where the v2 hierarchy
 * is mounted, whoever we are, and the group is systemd's: it is there before cgroup_create(), has
 * no other parts, and goes with its processes.
 */
#ifndef YAWL_RUNTIME_CGROUP_CGROUP_H
#define YAWL_RUNTIME_CGROUP_CGROUP_H

#include <stdbool.h>
#include <sys/types.h>

#include "common/cleanup.h"
#include "common/error.h"
#include "common/text.h"
#include "runtime/cgroup/cgroup_usage.h"
#include "runtime/container_spec.h"

struct cgroup;
struct device_program_cache;
struct device_rules;

/* For preflight: fails as cgroup_create() would for limits that this host cannot give. What is to
 * be done without is *ret_lack: the first limit that an ordinary user cannot have, with what helps,
 * or the optional settings that this host's version of control groups does not know; else its text
 * is
 * "". */
MUST_CHECK int cgroup_check(const struct resource_spec *resources, struct error *ret_lack,
                            struct error *err);
/* Makes a fresh group `parent`/`id` ("yawl/PROJECT", "NAME") and writes the limits. A limit that
 * this host cannot give is an error that names the key and the controller; but ordinary users, who
 * cannot help it, go without. */
MUST_CHECK int cgroup_create(const char *parent, const char *id,
                             const struct resource_spec *resources, struct cgroup **ret_cgroup,
                             struct error *err);
/* The first of these that the group cannot have, or NULL: what an ordinary user goes without. */
const struct cgroup_setting *cgroup_lacking(const struct cgroup *cgroup,
                                            const struct cgroup_setting *settings,
                                            size_t n_settings);
/* Writes these on an existing group, in an order that the kernel takes. */
MUST_CHECK int cgroup_set(struct cgroup *cgroup, const struct cgroup_setting *settings,
                          size_t n_settings, struct error *err);
/* Opens a group that exists; *ret_cgroup is NULL when it does not. Where we may make no groups at
 * all, cgroup_create() makes one without any part, and so does this; for an ordinary user as well
 * when it is in another of his sessions. */
MUST_CHECK int cgroup_open(const char *parent, const char *id, struct cgroup **ret_cgroup,
                           struct error *err);
/* A group that the container made below its own. Where only some hierarchies have it, the group is
 * in the others the container's own. */
MUST_CHECK int cgroup_open_below(const struct cgroup *cgroup, const char *path,
                                 struct cgroup **ret_cgroup, struct error *err);
/* Closes the handle; the group stays. */
void cgroup_free(struct cgroup *cgroup);
DEFINE_SCOPED(struct cgroup *, cgroup_free)

/* For clone3(CLONE_INTO_CGROUP): descriptor in the v2 tree, or -1 where there is none. Borrowed. */
int cgroup_clone_fd(const struct cgroup *cgroup);
/* Moves a process into the v1 groups, and into the v2 group when `and_v2`. */
MUST_CHECK int cgroup_enter(struct cgroup *cgroup, pid_t pid, bool and_v2, struct error *err);
/* Restricts devices to these rules. Once per group; `cache` is of cgroup_device_program.h, or NULL.
 */
MUST_CHECK int cgroup_set_device_rules(struct cgroup *cgroup, const struct device_rules *rules,
                                       struct device_program_cache *cache, struct error *err);
/* The same with the default list of the runtime, plus `devices`; a directory stands for the devices
 * below it. */
MUST_CHECK int cgroup_allow_devices(struct cgroup *cgroup, const struct device_spec *devices,
                                    size_t n_devices, struct device_program_cache *cache,
                                    struct error *err);
/* Every process in the group and below gets SIGKILL, also those that are being forked. Does not
 * wait until they are gone. A group that was killed is not to be entered again by clone (Linux 6.12
 * to 6.18 kill the child at birth). */
MUST_CHECK int cgroup_kill(struct cgroup *cgroup, struct error *err);
/* Whether there is a part of the group that can stop and end its processes. */
bool cgroup_can_freeze(const struct cgroup *cgroup);
/* Returns once all processes have stopped, or -1 after a second, then they run on. */
MUST_CHECK int cgroup_freeze(struct cgroup *cgroup, bool frozen, struct error *err);
/* Whether it was told to freeze. */
bool cgroup_is_frozen(const struct cgroup *cgroup);
/* Whether the kernel ended a process of this group for lack of memory; groups without a memory
 * limit have no count on v1. */
bool cgroup_oom_killed(const struct cgroup *cgroup);

/* Calls visit for every process of the group and of those below it; see cgroup_processes.h. */
void cgroup_visit(const struct cgroup *cgroup, void (*visit)(pid_t pid, void *context),
                  void *context);

/* The group as a detached mount: its v1 part for one of these controllers ("cpu,cpuacct"), or its
 * v2 part (NULL). -1 when it has none. */
int cgroup_open_mount(const struct cgroup *cgroup, const char *controllers);

/* Reads a file of the group: of its v1 part for this controller, or of its v2 part. -1 when it has
 * none. */
MUST_CHECK int cgroup_read(const struct cgroup *cgroup, const char *controller, const char *v1_file,
                           const char *v2_file, struct text *ret_text);

/* What its processes use now; see cgroup_usage.h. For a group without any part, those of the
 * mount namespace of `leader`. */
void cgroup_measure(const struct cgroup *cgroup, pid_t leader, struct cgroup_usage *ret_usage);

/* Its memory limit and peak; to be asked before it is removed. */
void cgroup_measure_memory(const struct cgroup *cgroup, struct cgroup_memory *ret_memory);

/* Removes the group from every hierarchy; EBUSY in err->number while processes remain. */
MUST_CHECK int cgroup_remove(const char *parent, const char *id, struct error *err);
/* Removes `parent` when it is empty. */
void cgroup_remove_parent(const char *parent);

#endif
