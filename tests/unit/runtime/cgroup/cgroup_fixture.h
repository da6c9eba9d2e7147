/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A group of one's own for a test, and processes to put into it.
 *
 * Everything lies below yawl/test-PID and is gone after fixture_done(), also when an assertion
 * failed.
 */
#ifndef YAWL_TESTS_UNIT_RUNTIME_CGROUP_CGROUP_FIXTURE_H
#define YAWL_TESTS_UNIT_RUNTIME_CGROUP_CGROUP_FIXTURE_H

#include <stdbool.h>
#include <sys/types.h>

#include "runtime/cgroup/cgroup.h"
#include "runtime/cgroup/cgroup_layout.h"

/* A short text, by value, so that nothing has to be kept for it. */
struct fixture_text {
    char text[256];
};

/* "yawl/test-PID" */
struct fixture_text fixture_parent_name(void);
#define fixture_parent() (fixture_parent_name().text)

/* Makes this process the reaper of whatever a test leaves, and skips where groups cannot be made.
 */
void fixture_init(void);
/* Kills and removes the groups "a" and "b" of this test, and their parent. */
void fixture_done(void);

/* Makes the group "a"; asserts that it works. */
struct cgroup *fixture_create(const struct resource_spec *resources);

/* A process of the group "a" that runs `body` and exits with its result. Started in the v2 group
 * where there is one, moved into the others before it runs. */
pid_t fixture_spawn(struct cgroup *cgroup, int (*body)(void));

/* Waits for the process; its wait status. */
int fixture_wait(pid_t pid);

/* The first line of a file of the group "a" in the hierarchy that has the controller. */
struct fixture_text fixture_read_line(enum cgroup_controller controller, const char *file);
#define fixture_read(controller, file) (fixture_read_line((controller), (file)).text)
/* Whether the controller is in a v1 hierarchy here. */
bool fixture_is_v1(enum cgroup_controller controller);
/* Whether limits of the controller can be given here at all. */
bool fixture_has(enum cgroup_controller controller);

/* Whether any directory is left for the group `id` in any hierarchy. */
bool fixture_group_is_anywhere(const char *id);

#endif
