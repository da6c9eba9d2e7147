/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/cgroup/cgroup.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/process.h"
#include "tests/unit/runtime/cgroup/cgroup_fixture.h"

TestSuite(cgroup, .init = fixture_init, .fini = fixture_done, .timeout = 120);

enum { MIB = 1024 * 1024 };

static const struct resource_spec no_limits = {0};

#define NEEDS(controller)                                                                          \
    do {                                                                                           \
        if (!fixture_has(controller))                                                              \
            cr_skip_test("no %s controller for us here", cgroup_controller_name(controller));      \
    } while (0)

static int wait_for_a_signal(void)
{
    while (pause() < 0)
        continue;
    return 0;
}

Test(cgroup, a_group_is_found_again_and_gone_after_its_removal)
{
    scoped(cgroup_free) struct cgroup *made = fixture_create(&no_limits);
    scoped(cgroup_free) struct cgroup *found = NULL;
    scoped(cgroup_free) struct cgroup *absent = made;
    struct error err = {0};

    cr_assert_eq(cgroup_open(fixture_parent(), "a", &found, &err), 0, "%s", err.text);
    cr_expect_not_null(found);
    cr_expect_eq(cgroup_remove(fixture_parent(), "a", &err), 0, "%s", err.text);
    cr_expect_not(fixture_group_is_anywhere("a"));
    cr_assert_eq(cgroup_open(fixture_parent(), "a", &absent, &err), 0, "%s", err.text);
    cr_expect_null(absent);
}

Test(cgroup, removing_what_is_not_there_is_success)
{
    struct error err = {0};

    cr_expect_eq(cgroup_remove(fixture_parent(), "b", &err), 0, "%s", err.text);
}

Test(cgroup, groups_outside_of_ours_are_refused)
{
    static const char *const parents[] = {
        "",    "///x",  "yawl/../x", "yawl//x", "/a/../b",
        "/.x", "other", "yawlx",     "yawl/.",  "yawl/.supervisor"};
    struct cgroup *cgroup = NULL;

    for (size_t i = 0; i < ARRAY_LENGTH(parents); i++) {
        cr_expect_eq(cgroup_create(parents[i], "a", &no_limits, &cgroup, NULL), -1, "%s",
                     parents[i]);
        cr_expect_eq(cgroup_remove(parents[i], "a", NULL), -1, "%s", parents[i]);
    }
    cr_expect_eq(cgroup_create(fixture_parent(), "../a", &no_limits, &cgroup, NULL), -1);
    cr_expect_eq(cgroup_create(fixture_parent(), "", &no_limits, &cgroup, NULL), -1);
}

Test(cgroup, a_group_that_is_to_be_there_already_is_not_made)
{
    struct cgroup *cgroup = NULL;

    cr_expect_eq(cgroup_create("//yawl-nobodys.slice", "a", &no_limits, &cgroup, NULL), -1);
    cr_expect_eq(access("/sys/fs/cgroup/yawl-nobodys.slice", F_OK), -1);
    cr_expect_eq(access("/sys/fs/cgroup/unified/yawl-nobodys.slice", F_OK), -1);
}

Test(cgroup, a_place_that_others_chose_is_used_and_its_parents_stay)
{
    struct fixture_text parent = fixture_parent_name();
    char chosen[300];
    scoped(cgroup_free) struct cgroup *cgroup = NULL;
    scoped(cgroup_free) struct cgroup *found = NULL;
    struct error err = {0};

    (void)snprintf(chosen, sizeof(chosen), "/%s", parent.text);
    cr_assert_eq(cgroup_create(chosen, "a", &no_limits, &cgroup, &err), 0, "%s", err.text);
    cr_assert_eq(cgroup_open(parent.text, "a", &found, &err), 0, "%s", err.text);
    cr_expect_not_null(found);
    cr_expect_eq(cgroup_remove(chosen, "a", &err), 0, "%s", err.text);
    cr_expect_not(fixture_group_is_anywhere("a"));
}

Test(cgroup, settings_are_written_in_an_order_that_the_kernel_takes)
{
    struct cgroup_setting settings[] = {
        {"swap", "memory", "memory.memsw.limit_in_bytes", "40000000", "memory.swap.max", "1"},
        {"limit", "memory", "memory.limit_in_bytes", "20000000", "memory.max", "20000000"},
    };
    const struct resource_spec resources = {
        .everywhere = true, .settings = settings, .n_settings = ARRAY_LENGTH(settings)};
    struct cgroup_setting nowhere = {"a.key", "memory", NULL, NULL, NULL, NULL};
    scoped(cgroup_free) struct cgroup *cgroup = NULL;
    scoped_text struct text limit = {0};
    struct error err = {0};

    NEEDS(CONTROLLER_MEMORY);
    cgroup = fixture_create(&resources);
    cr_assert_eq(cgroup_read(cgroup, "memory", "memory.limit_in_bytes", "memory.max", &limit), 0);
    cr_expect_lt(strtoull(text_get(&limit), NULL, 10), 20000001);
    cr_expect_eq(cgroup_set(cgroup, &nowhere, 1, &err), -1);
    cr_expect(string_starts_with(err.text, "a.key: control groups v"), "%s", err.text);
    nowhere.optional = true;
    cr_expect_eq(cgroup_set(cgroup, &nowhere, 1, &err), 0, "%s", err.text);
}

Test(cgroup, an_empty_left_over_is_replaced_by_a_fresh_group)
{
    scoped(cgroup_free) struct cgroup *first = fixture_create(&no_limits);
    scoped(cgroup_free) struct cgroup *second = NULL;
    struct stat before, after;
    struct error err = {0};

    cr_assert_eq(fstat(cgroup_clone_fd(first), &before), 0);
    cr_assert_eq(cgroup_create(fixture_parent(), "a", &no_limits, &second, &err), 0, "%s",
                 err.text);
    cr_assert_eq(fstat(cgroup_clone_fd(second), &after), 0);
    cr_expect_neq(before.st_ino, after.st_ino);
}

Test(cgroup, a_populated_left_over_is_refused)
{
    scoped(cgroup_free) struct cgroup *cgroup = fixture_create(&no_limits);
    struct cgroup *second = NULL;
    pid_t pid = fixture_spawn(cgroup, wait_for_a_signal);
    struct error err = {0};

    cr_expect_eq(cgroup_create(fixture_parent(), "a", &no_limits, &second, &err), -1);
    cr_expect_eq(err.number, EBUSY, "%s", err.text);
    cr_expect_eq(cgroup_kill(cgroup, &err), 0, "%s", err.text);
    cr_expect(WIFSIGNALED(fixture_wait(pid)));
}

Test(cgroup, removal_with_a_process_inside_says_busy)
{
    scoped(cgroup_free) struct cgroup *cgroup = fixture_create(&no_limits);
    pid_t pid = fixture_spawn(cgroup, wait_for_a_signal);
    struct error err = {0};

    cr_expect_eq(cgroup_remove(fixture_parent(), "a", &err), -1);
    cr_expect_eq(err.number, EBUSY, "%s", err.text);
    (void)kill(pid, SIGKILL);
    (void)fixture_wait(pid);
}

Test(cgroup, groups_that_a_container_made_inside_are_removed_too)
{
    scoped(cgroup_free) struct cgroup *cgroup = fixture_create(&no_limits);
    struct error err = {0};

    cr_assert_eq(mkdirat(cgroup_clone_fd(cgroup), "inner", 0755), 0);
    cr_assert_eq(mkdirat(cgroup_clone_fd(cgroup), "inner/most", 0755), 0);
    cr_expect_eq(cgroup_remove(fixture_parent(), "a", &err), 0, "%s", err.text);
    cr_expect_not(fixture_group_is_anywhere("a"));
}

Test(cgroup, memory_limits_reach_the_kernel)
{
    struct resource_spec resources = {.memory_bytes = 64 * MIB,
                                      .memory_swap_bytes = 96 * MIB,
                                      .memory_reservation_bytes = 32 * MIB};
    scoped(cgroup_free) struct cgroup *cgroup = NULL;

    NEEDS(CONTROLLER_MEMORY);
    cgroup = fixture_create(&resources);
    if (fixture_is_v1(CONTROLLER_MEMORY)) {
        cr_expect_str_eq(fixture_read(CONTROLLER_MEMORY, "memory.limit_in_bytes"), "67108864");
        cr_expect_str_eq(fixture_read(CONTROLLER_MEMORY, "memory.memsw.limit_in_bytes"),
                         "100663296");
        cr_expect_str_eq(fixture_read(CONTROLLER_MEMORY, "memory.soft_limit_in_bytes"), "33554432");
    } else {
        cr_expect_str_eq(fixture_read(CONTROLLER_MEMORY, "memory.max"), "67108864");
        cr_expect_str_eq(fixture_read(CONTROLLER_MEMORY, "memory.swap.max"), "33554432");
        cr_expect_str_eq(fixture_read(CONTROLLER_MEMORY, "memory.low"), "33554432");
        cr_expect_str_eq(fixture_read(CONTROLLER_MEMORY, "memory.oom.group"), "0");
    }
}

Test(cgroup, swap_is_as_much_as_memory_by_default)
{
    struct resource_spec resources = {.memory_bytes = 64 * MIB};
    scoped(cgroup_free) struct cgroup *cgroup = NULL;

    NEEDS(CONTROLLER_MEMORY);
    cgroup = fixture_create(&resources);
    if (fixture_is_v1(CONTROLLER_MEMORY))
        cr_expect_str_eq(fixture_read(CONTROLLER_MEMORY, "memory.memsw.limit_in_bytes"),
                         "134217728");
    else
        cr_expect_str_eq(fixture_read(CONTROLLER_MEMORY, "memory.swap.max"), "67108864");
}

Test(cgroup, cpu_limits_reach_the_kernel)
{
    struct resource_spec resources = {
        .cpu_quota_us = 50000, .cpu_period_us = 200000, .cpu_shares = 512};
    scoped(cgroup_free) struct cgroup *cgroup = NULL;

    NEEDS(CONTROLLER_CPU);
    cgroup = fixture_create(&resources);
    if (fixture_is_v1(CONTROLLER_CPU)) {
        cr_expect_str_eq(fixture_read(CONTROLLER_CPU, "cpu.cfs_quota_us"), "50000");
        cr_expect_str_eq(fixture_read(CONTROLLER_CPU, "cpu.cfs_period_us"), "200000");
        cr_expect_str_eq(fixture_read(CONTROLLER_CPU, "cpu.shares"), "512");
    } else {
        cr_expect_str_eq(fixture_read(CONTROLLER_CPU, "cpu.max"), "50000 200000");
        cr_expect_str_eq(fixture_read(CONTROLLER_CPU, "cpu.weight"), "59");
    }
}

static int count_cpus(void)
{
    cpu_set_t cpus;

    return sched_getaffinity(0, sizeof(cpus), &cpus) == 0 ? CPU_COUNT(&cpus) : 100;
}

Test(cgroup, a_cpuset_confines_the_process)
{
    struct resource_spec resources = {.cpuset = "0"};
    scoped(cgroup_free) struct cgroup *cgroup = NULL;

    NEEDS(CONTROLLER_CPUSET);
    cgroup = fixture_create(&resources);
    cr_expect_str_eq(fixture_read(CONTROLLER_CPUSET, "cpuset.cpus"), "0");
    if (fixture_is_v1(CONTROLLER_CPUSET))
        cr_expect_str_eq(fixture_read(CONTROLLER_CPUSET, "cpuset.mems"), "0");
    cr_expect_eq(WEXITSTATUS(fixture_wait(fixture_spawn(cgroup, count_cpus))), 1);
}

Test(cgroup, cpus_that_are_not_there_are_refused_by_name)
{
    struct resource_spec resources = {.cpuset = "0,4000"};
    struct cgroup *cgroup = NULL;
    struct error err = {0};

    NEEDS(CONTROLLER_CPUSET);
    cr_expect_eq(cgroup_create(fixture_parent(), "a", &resources, &cgroup, &err), -1);
    cr_expect_eq(strncmp(err.text, "limit 'cpuset'", 14), 0, "%s", err.text);
    cr_expect_not(fixture_group_is_anywhere("a"));
}

static int count_forks(void)
{
    int count = 0;

    while (count < 50) {
        pid_t pid = fork();

        if (pid < 0)
            return errno == EAGAIN ? count : 99;
        if (pid == 0)
            (void)wait_for_a_signal();
        count++;
    }
    return count;
}

Test(cgroup, the_pids_limit_stops_a_fork_bomb)
{
    struct resource_spec resources = {.pids = 5};
    scoped(cgroup_free) struct cgroup *cgroup = NULL;

    NEEDS(CONTROLLER_PIDS);
    cgroup = fixture_create(&resources);
    cr_expect_str_eq(fixture_read(CONTROLLER_PIDS, "pids.max"), "5");
    cr_expect_eq(WEXITSTATUS(fixture_wait(fixture_spawn(cgroup, count_forks))), 4);
}

static int touch_memory(void)
{
    size_t length = (size_t)64 * MIB;
    char *bytes = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (bytes == MAP_FAILED)
        return 1;
    for (size_t i = 0; i < length; i += 4096)
        bytes[i] = 1;
    return 0;
}

Test(cgroup, a_process_over_its_memory_is_killed_and_that_is_known)
{
    struct resource_spec resources = {.memory_bytes = 24 * MIB, .memory_swap_bytes = 24 * MIB};
    scoped(cgroup_free) struct cgroup *cgroup = NULL;
    int status;

    NEEDS(CONTROLLER_MEMORY);
    cgroup = fixture_create(&resources);
    cr_expect_not(cgroup_oom_killed(cgroup));
    status = fixture_wait(fixture_spawn(cgroup, touch_memory));
    cr_expect(WIFSIGNALED(status));
    cr_expect_eq(WTERMSIG(status), SIGKILL);
    cr_expect(cgroup_oom_killed(cgroup));
}

static int spawn_a_tree(void)
{
    for (int depth = 0; depth < 3; depth++)
        (void)!fork();
    (void)setsid();
    return wait_for_a_signal();
}

/* How many processes the v2 group holds, or -1. */
static int count_processes(const struct cgroup *cgroup)
{
    scoped_fd int fd = openat(cgroup_clone_fd(cgroup), "cgroup.procs", O_RDONLY | O_CLOEXEC);
    char bytes[4096];
    ssize_t length = fd < 0 ? -1 : read(fd, bytes, sizeof(bytes));
    int count = 0;

    for (ssize_t i = 0; i < length; i++)
        count += bytes[i] == '\n';
    return length < 0 ? -1 : count;
}

static void wait_for_processes(const struct cgroup *cgroup, int wanted)
{
    uint64_t end_ms = clock_monotonic_ms() + 30000;

    while (count_processes(cgroup) != wanted && clock_monotonic_ms() < end_ms)
        (void)sched_yield();
    cr_expect_eq(count_processes(cgroup), wanted);
}

static void wait_until_empty(const struct cgroup *cgroup)
{
    uint64_t end_ms = clock_monotonic_ms() + 30000;

    while (count_processes(cgroup) != 0 && clock_monotonic_ms() < end_ms)
        (void)waitpid(-1, NULL, WNOHANG);
    cr_expect_eq(count_processes(cgroup), 0);
}

Test(cgroup, killing_ends_the_whole_process_tree)
{
    scoped(cgroup_free) struct cgroup *cgroup = fixture_create(&no_limits);
    pid_t pid = fixture_spawn(cgroup, spawn_a_tree);
    struct error err = {0};

    wait_for_processes(cgroup, 8);
    cr_expect_eq(cgroup_kill(cgroup, &err), 0, "%s", err.text);
    cr_expect_eq(WTERMSIG(fixture_wait(pid)), SIGKILL);
    wait_until_empty(cgroup);
}

static int count_in_a_pipe(void)
{
    while (write(STDOUT_FILENO, "x", 1) == 1)
        continue;
    return 1;
}

Test(cgroup, a_frozen_process_does_nothing_until_it_is_thawed)
{
    scoped(cgroup_free) struct cgroup *cgroup = fixture_create(&no_limits);
    int output[2];
    int kept = dup(STDOUT_FILENO);
    char bytes[65536];
    struct error err = {0};
    struct pollfd readable;
    pid_t pid;

    cr_assert_eq(pipe(output), 0);
    cr_assert_geq(dup2(output[1], STDOUT_FILENO), 0);
    pid = fixture_spawn(cgroup, count_in_a_pipe);
    cr_assert_geq(dup2(kept, STDOUT_FILENO), 0);
    readable = (struct pollfd){.fd = output[0], .events = POLLIN};

    cr_assert_eq(poll(&readable, 1, 30000), 1);
    cr_assert_eq(cgroup_freeze(cgroup, true, &err), 0, "%s", err.text);
    while (poll(&readable, 1, 0) == 1)
        cr_assert_gt(read(output[0], bytes, sizeof(bytes)), 0);
    cr_expect_eq(poll(&readable, 1, 100), 0);
    cr_assert_eq(cgroup_freeze(cgroup, false, &err), 0, "%s", err.text);
    cr_expect_eq(poll(&readable, 1, 30000), 1);

    cr_expect_eq(cgroup_kill(cgroup, &err), 0, "%s", err.text);
    (void)fixture_wait(pid);
}

Test(cgroup, a_frozen_group_can_be_killed)
{
    scoped(cgroup_free) struct cgroup *cgroup = fixture_create(&no_limits);
    pid_t pid = fixture_spawn(cgroup, wait_for_a_signal);
    struct error err = {0};

    cr_assert_eq(cgroup_freeze(cgroup, true, &err), 0, "%s", err.text);
    cr_expect_eq(cgroup_kill(cgroup, &err), 0, "%s", err.text);
    cr_expect_eq(WTERMSIG(fixture_wait(pid)), SIGKILL);
}

/* Opens a device node of its own, on a file system of its own that allows them: 0 or errno. */
static int open_device(dev_t device, int flags)
{
    int fd;

    if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount("tmpfs", "/tmp", "tmpfs", 0, NULL) < 0)
        return 98;
    if (mknod("/tmp/node", S_IFCHR | 0600, device) < 0)
        return errno;
    fd = open("/tmp/node", flags | O_CLOEXEC);
    if (fd < 0)
        return errno;
    (void)close(fd);
    return 0;
}

static int use_null(void)
{
    return open_device(makedev(1, 3), O_RDWR);
}

static int use_kmsg(void)
{
    return open_device(makedev(1, 11), O_RDONLY);
}

static int write_kmsg(void)
{
    return open_device(makedev(1, 11), O_WRONLY);
}

static void check_devices(struct cgroup *cgroup)
{
    struct device_spec kmsg = {"/dev/kmsg", "/dev/kmsg", "r"};
    struct error err = {0};
    bool has_kmsg = access("/dev/kmsg", F_OK) == 0;

    cr_assert_eq(cgroup_allow_devices(cgroup, &kmsg, has_kmsg ? 1 : 0, NULL, &err), 0, "%s",
                 err.text);
    cr_expect_eq(WEXITSTATUS(fixture_wait(fixture_spawn(cgroup, use_null))), 0);
    cr_expect_eq(WEXITSTATUS(fixture_wait(fixture_spawn(cgroup, write_kmsg))), EPERM);
    if (has_kmsg)
        cr_expect_eq(WEXITSTATUS(fixture_wait(fixture_spawn(cgroup, use_kmsg))), 0);
}

Test(cgroup, only_listed_devices_open)
{
    scoped(cgroup_free) struct cgroup *cgroup = NULL;

    if (geteuid() != 0)
        cr_skip_test("device nodes are made by root alone");
    cgroup = fixture_create(&no_limits);
    check_devices(cgroup);
}

/* Makes the group "a" of the parent process, whose name is the test's. */
static int create_from_here(void)
{
    struct resource_spec resources = {.pids = 50};
    struct cgroup *cgroup = NULL;
    char parent[64];

    (void)snprintf(parent, sizeof(parent), "yawl/test-%d", (int)getppid());
    return cgroup_create(parent, "a", &resources, &cgroup, NULL) < 0;
}

Test(cgroup, a_group_made_from_within_another_is_found_and_removed_from_outside)
{
    struct resource_spec resources = {.pids = 100};
    scoped(cgroup_free) struct cgroup *outer = NULL;
    scoped(cgroup_free) struct cgroup *found = NULL;
    struct error err = {0};

    NEEDS(CONTROLLER_PIDS);
    cr_assert_eq(cgroup_create(fixture_parent(), "b", &resources, &outer, &err), 0, "%s", err.text);
    cr_assert_eq(fixture_wait(fixture_spawn(outer, create_from_here)), 0);
    cr_assert_eq(cgroup_open(fixture_parent(), "a", &found, &err), 0, "%s", err.text);
    cr_assert_not_null(found);
    cr_expect_eq(WEXITSTATUS(fixture_wait(fixture_spawn(found, count_forks))), 49);
    cr_expect_eq(cgroup_kill(found, &err), 0, "%s", err.text);
    wait_until_empty(found);
    cr_expect_eq(cgroup_remove(fixture_parent(), "a", &err), 0, "%s", err.text);
    cr_expect_not(fixture_group_is_anywhere("a"));
    cr_expect_not(fixture_group_is_anywhere("b/yawl"));
}

/* Hides the v2 tree from this process, so that only v1 hierarchies are left. */
static void hide_the_v2_tree(void)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct cgroup_layout layout;
    struct error err = {0};

    cr_assert_eq(cgroup_layout_read(arena, &layout, &err), 0, "%s", err.text);
    if (geteuid() != 0 || !layout.v1[CONTROLLER_FREEZER].mount || !layout.v2.mount)
        cr_skip_test("needs root and cgroup v1");
    cr_assert_eq(unshare(CLONE_NEWNS), 0);
    cr_assert_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
    cr_assert_eq(umount2(layout.v2.mount, MNT_DETACH), 0);
}

Test(cgroup, without_a_v2_tree_a_tree_of_processes_is_killed_all_the_same)
{
    scoped(cgroup_free) struct cgroup *cgroup = NULL;
    struct error err = {0};
    pid_t pid;

    hide_the_v2_tree();
    cgroup = fixture_create(&no_limits);
    cr_expect_eq(cgroup_clone_fd(cgroup), -1);
    pid = fixture_spawn(cgroup, spawn_a_tree);
    cr_assert_eq(cgroup_freeze(cgroup, true, &err), 0, "%s", err.text);
    cr_assert_eq(cgroup_freeze(cgroup, false, &err), 0, "%s", err.text);
    cr_expect_eq(cgroup_kill(cgroup, &err), 0, "%s", err.text);
    cr_expect_eq(WTERMSIG(fixture_wait(pid)), SIGKILL);
}

Test(cgroup, without_a_v2_tree_devices_are_kept_out_all_the_same)
{
    scoped(cgroup_free) struct cgroup *cgroup = NULL;

    hide_the_v2_tree();
    cgroup = fixture_create(&no_limits);
    check_devices(cgroup);
}
