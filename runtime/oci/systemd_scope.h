/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A container's control group as a transient scope unit of systemd: what `--systemd-cgroup` asks
 * for.
 *
 * A scope lives as long as a process is in it, and none can be made without. So `systemd-run
 * --scope` becomes one that waits until the container is born into the group, and goes then. It
 * goes as well when we end: nothing is left behind. Limits that systemd knows are properties of the
 * unit, or it would take them back when it sets up the unit anew; what it does not know goes into
 * the group's files alone, which are ours by Delegate=.
 *
 * Needs a host whose control groups are v2 alone, and systemd-run and systemctl of systemd 244.
 */
#ifndef YAWL_RUNTIME_OCI_SYSTEMD_SCOPE_H
#define YAWL_RUNTIME_OCI_SYSTEMD_SCOPE_H

#include <sys/types.h>

#include "common/arena.h"
#include "common/error.h"
#include "runtime/container_spec.h"

struct systemd_scope {
    const char *slice;             /* "machine.slice"; NULL: where systemd likes */
    const char *unit;              /* "libpod-x.scope"; NULL: no scope is wanted */
    struct string_list properties; /* that are asked for, beside those that stand for limits */
};

/* From the "SLICE:PREFIX:NAME" of a configuration; NULL or "" stands for our own name. Properties
 * stay as they are. */
MUST_CHECK int systemd_scope_name(const char *cgroups_path, const char *id, struct arena *arena,
                                  struct systemd_scope *ret_scope, struct error *err);

/* The properties ("MemoryMax=1048576") that stand for limits; those without one are left out. */
void systemd_scope_properties(const struct resource_spec *resources, struct arena *arena,
                              struct string_list *ret_properties);

/* The words of the command that makes the scope and leaves a waiting process in it. For an ordinary
 * user it is his own systemd's. */
void systemd_scope_command(const struct systemd_scope *scope, const struct resource_spec *resources,
                           bool of_user, struct arena *arena, struct string_list *ret_words);

/* The path of the group in the text of /proc/PID/cgroup; NULL when the host is not v2 alone. */
const char *systemd_scope_path(const char *text, struct arena *arena);

/* What keeps the scope until the container is in it. */
struct systemd_holder {
    pid_t pid; /* 0: there is none */
    int input_fd;
};

/* Makes the scope. *ret_path is its group, as "/system.slice/x.scope"; systemd_holder_end() lets go
 * of it. */
MUST_CHECK int systemd_scope_start(const struct systemd_scope *scope,
                                   const struct resource_spec *resources, struct arena *arena,
                                   struct systemd_holder *ret_holder, const char **ret_path,
                                   struct error *err);
void systemd_holder_end(struct systemd_holder *holder);

/* Changes the properties that stand for these limits. */
MUST_CHECK int systemd_scope_change(const char *unit, const struct resource_spec *resources,
                                    struct arena *arena, struct error *err);

/* Ends the unit with whatever is in it, and waits. One that is gone is fine. */
MUST_CHECK int systemd_scope_stop(const char *unit, struct arena *arena, struct error *err);

#endif
