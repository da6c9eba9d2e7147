/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/runtime/cgroup/cgroup_fixture.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/text.h"
#include "runtime/cgroup/cgroup_v2.h"

struct fixture_text fixture_parent_name(void)
{
    struct fixture_text parent;

    (void)snprintf(parent.text, sizeof(parent.text), "yawl/test-%d", (int)getpid());
    return parent;
}

void fixture_init(void)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct cgroup_layout layout;
    struct error err = {0};

    cr_assert_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    cr_assert_eq(cgroup_layout_read(arena, &layout, &err), 0, "%s", err.text);
    if (!layout.v2.root)
        cr_skip_test("no control group may be made here");
}

/* Removal is refused for the moment that the kernel needs to take down a killed process. */
static void remove_when_empty(const char *id)
{
    struct timespec pause = {.tv_nsec = 1000 * 1000};
    struct error err = {0};

    for (int i = 0; i < 5000; i++) {
        if (cgroup_remove(fixture_parent(), id, &err) == 0)
            return;
        (void)waitpid(-1, NULL, WNOHANG);
        (void)nanosleep(&pause, NULL);
    }
    cr_expect_fail("%s", err.text);
}

void fixture_done(void)
{
    static const char *const ids[] = {"a", "b"};

    for (size_t i = 0; i < ARRAY_LENGTH(ids); i++) {
        scoped(cgroup_free) struct cgroup *cgroup = NULL;

        if (cgroup_open(fixture_parent(), ids[i], &cgroup, NULL) < 0 || !cgroup)
            continue;
        (void)!cgroup_kill(cgroup, NULL);
        remove_when_empty(ids[i]);
    }
    cgroup_remove_parent(fixture_parent());
}

struct cgroup *fixture_create(const struct resource_spec *resources)
{
    struct cgroup *cgroup = NULL;
    struct error err = {0};

    cr_assert_eq(cgroup_create(fixture_parent(), "a", resources, &cgroup, &err), 0, "%s", err.text);
    return cgroup;
}

/* The child of a clone into the group; falls back to a move where the kernel kills such children.
 */
static pid_t clone_into(struct cgroup *cgroup, bool *ret_is_in_v2)
{
    struct clone_args args = {.flags = CLONE_INTO_CGROUP,
                              .exit_signal = SIGCHLD,
                              .cgroup = (uint64_t)cgroup_clone_fd(cgroup)};

    *ret_is_in_v2 = cgroup_clone_fd(cgroup) >= 0;
    if (!*ret_is_in_v2)
        return fork();
    return (pid_t)syscall(SYS_clone3, &args, sizeof(args));
}

pid_t fixture_spawn(struct cgroup *cgroup, int (*body)(void))
{
    struct error err = {0};
    bool is_in_v2;
    int go[2];
    char byte;
    pid_t pid;

    cr_assert_eq(pipe2(go, O_CLOEXEC), 0);
    pid = clone_into(cgroup, &is_in_v2);
    cr_assert_geq(pid, 0);
    if (pid == 0) {
        (void)close(go[1]);
        if (read(go[0], &byte, 1) != 1)
            _exit(125);
        _exit(body());
    }
    (void)close(go[0]);
    cr_assert_eq(cgroup_enter(cgroup, pid, !is_in_v2, &err), 0, "%s", err.text);
    cr_assert_eq(write(go[1], "x", 1), 1);
    (void)close(go[1]);
    return pid;
}

int fixture_wait(pid_t pid)
{
    int status = -1;

    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    return status;
}

static void read_layout(struct arena *arena, struct cgroup_layout *layout)
{
    struct error err = {0};

    cr_assert_eq(cgroup_layout_read(arena, layout, &err), 0, "%s", err.text);
}

bool fixture_is_v1(enum cgroup_controller controller)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct cgroup_layout layout;

    read_layout(arena, &layout);
    return layout.v1[controller].mount != NULL;
}

bool fixture_has(enum cgroup_controller controller)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct cgroup_layout layout;

    read_layout(arena, &layout);
    if (layout.v1[controller].mount)
        return layout.v1[controller].root != NULL;
    return layout.v2.root && (cgroup_v2_available(layout.v2.root) & CONTROLLER_BIT(controller));
}

struct fixture_text fixture_read_line(enum cgroup_controller controller, const char *file)
{
    struct fixture_text line;
    scoped(arena_free) struct arena *arena = arena_new();
    struct cgroup_layout layout;
    const char *root;
    FILE *stream;

    read_layout(arena, &layout);
    root = layout.v1[controller].mount ? layout.v1[controller].root : layout.v2.root;
    stream = fopen(arena_printf(arena, "%s/%s/a/%s", root, fixture_parent(), file), "re");
    if (!stream || !fgets(line.text, sizeof(line.text), stream))
        (void)snprintf(line.text, sizeof(line.text), "(cannot read %s)", file);
    line.text[strcspn(line.text, "\n")] = '\0';
    if (stream)
        (void)fclose(stream);
    return line;
}

static bool is_below(struct arena *arena, const struct cgroup_place *place, const char *id)
{
    return place->root &&
           access(arena_printf(arena, "%s/%s/%s", place->root, fixture_parent(), id), F_OK) == 0;
}

bool fixture_group_is_anywhere(const char *id)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct cgroup_layout layout;

    read_layout(arena, &layout);
    for (size_t i = 0; i < CONTROLLER_COUNT; i++)
        if (is_below(arena, &layout.v1[i], id))
            return true;
    return is_below(arena, &layout.v2, id);
}
