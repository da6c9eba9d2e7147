/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cache and memory bandwidth of a container (linux.intelRdt): a folder of the resctrl file system,
 * which is a class of service, with the container's process in it; and one below it that measures.
 * Rules are those of the OCI runtime specification. What is below, is there as long as its
 * processes or until it is removed: a folder that was made for a container goes with it.
 */
#ifndef YAWL_RUNTIME_OCI_RESCTRL_H
#define YAWL_RUNTIME_OCI_RESCTRL_H

#include <stdbool.h>
#include <sys/types.h>

#include "common/arena.h"
#include "common/error.h"

struct resctrl_spec {
    const char *class_name;      /* NULL: the container's own, by its id */
    struct string_list schemata; /* lines: "L3:0=f;1=f", "MB:0=20" */
    bool monitors;
};

/* Where a container is, below the file system's root; NULL: nothing was made for it. */
struct resctrl_place {
    const char *made_class, *made_monitor; /* "x", "x/mon_groups/ID" */
};

/* Opens the file system where it is mounted. An error when it is not. */
MUST_CHECK int resctrl_open(int *ret_root_fd, struct error *err);

/* Makes what is missing of the class and its schemata. A class that is there already must have
 * those that are asked for; one that is named without any must be there. What was made is in
 * *ret_place, also after an error. */
MUST_CHECK int resctrl_prepare(int root_fd, const struct resctrl_spec *spec, const char *id,
                               struct arena *arena, struct resctrl_place *ret_place,
                               struct error *err);

/* Puts a process into it, and with it all that it will have as children. */
MUST_CHECK int resctrl_enter(int root_fd, const struct resctrl_spec *spec, const char *id,
                             pid_t pid, struct error *err);

/* Removes what was made. Absence is success. */
MUST_CHECK int resctrl_remove(int root_fd, const struct resctrl_place *place, struct error *err);

/* The place of the file system in the text of /proc/PID/mountinfo, or NULL. Public for tests. */
const char *resctrl_mount(const char *mountinfo, struct arena *arena);

/* Whether a line that is asked for says what the text of a `schemata` file says: the same values
 * for each domain that it names. Public for tests. */
bool resctrl_has_schema(const char *schemata, const char *line, struct arena *arena);

#endif
