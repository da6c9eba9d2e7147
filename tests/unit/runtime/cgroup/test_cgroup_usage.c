/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/cgroup/cgroup_usage.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "common/process.h"
#include "tests/unit/runtime/cgroup/cgroup_fixture.h"

TestSuite(cgroup_usage, .init = fixture_init, .fini = fixture_done, .timeout = 60);

enum { MIB = 1024 * 1024, TOUCHED_BYTES = 32 * MIB, BURNT_MS = 300, CHILDREN = 3 };

Test(cgroup_usage, reads_lines_by_their_names)
{
    const char *stat = "usage_usec 120\nuser_usec 90\n";

    cr_expect_eq(cgroup_usage_of_line(stat, "usage_usec"), 120);
    cr_expect_eq(cgroup_usage_of_line(stat, "user_usec"), 90);
    cr_expect_eq(cgroup_usage_of_line(stat, "user"), 0);
    cr_expect_eq(cgroup_usage_of_line("", "user"), 0);
}

Test(cgroup_usage, adds_up_devices)
{
    const char *io = "8:0 rbytes=10 wbytes=1 rios=2 wios=3 dbytes=0 dios=0\n"
                     "253:1 rbytes=5 wbytes=7 rios=1 wios=1\n";

    cr_expect_eq(cgroup_usage_of_devices(io, "rbytes"), 15);
    cr_expect_eq(cgroup_usage_of_devices(io, "wbytes"), 8);
    cr_expect_eq(cgroup_usage_of_devices(io, "bytes"), 0);
}

Test(cgroup_usage, reads_a_process_whose_name_is_nasty)
{
    struct cgroup_usage usage = {0};

    cgroup_usage_add_stat("7 (a) S 9 (b) c) S 1 7 7 0 -1 0 0 0 0 0 30 20 5 1 20 0 4 0 99\n", 100,
                          &usage);
    cr_expect_eq(usage.cpu_us, 560000);
    cr_expect_eq(usage.tasks, 4);
    cgroup_usage_add_stat("7 (cut", 100, &usage);
    cgroup_usage_add_stat("7 (cut) S 1", 100, &usage);
    cr_expect_eq(usage.cpu_us, 560000);
}

static void burn(void)
{
    struct timespec used;

    do
        (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    while (used.tv_nsec < BURNT_MS * 1000000L);
}

static int work(void)
{
    char *memory =
        mmap(NULL, TOUCHED_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    memset(memory, 1, TOUCHED_BYTES);
    burn();
    for (int i = 0; i < CHILDREN; i++)
        if (fork() == 0)
            (void)pause();
    while (pause() < 0)
        continue;
    return 0;
}

static void expect_worker(const struct resource_spec *resources, uint64_t limit_bytes)
{
    scoped(cgroup_free) struct cgroup *cgroup = fixture_create(resources);
    uint64_t end_ms = clock_monotonic_ms() + 20000;
    struct cgroup_usage usage = {0};

    (void)fixture_spawn(cgroup, work);
    while (usage.tasks != CHILDREN + 1 && clock_monotonic_ms() < end_ms)
        cgroup_measure(cgroup, 0, &usage);
    cr_expect_eq(usage.tasks, CHILDREN + 1);
    cr_expect_geq(usage.cpu_us, BURNT_MS * 1000);
    cr_expect_lt(usage.cpu_us, 100 * BURNT_MS * 1000);
    cr_expect_geq(usage.memory_bytes, TOUCHED_BYTES);
    cr_expect_lt(usage.memory_bytes, 10 * TOUCHED_BYTES);
    if (limit_bytes)
        cr_expect_eq(usage.memory_limit_bytes, limit_bytes);
    else
        cr_expect_gt(usage.memory_limit_bytes, 256 * MIB);
}

Test(cgroup_usage, is_known_of_a_group_without_limits)
{
    const struct resource_spec none = {0};

    expect_worker(&none, 0);
}

Test(cgroup_usage, is_known_of_a_group_with_limits)
{
    const struct resource_spec limits = {.memory_bytes = 256 * MIB, .pids = 100};

    if (!fixture_has(CONTROLLER_MEMORY) || !fixture_has(CONTROLLER_PIDS))
        cr_skip_test("no memory or pids controller for us here");
    expect_worker(&limits, limits.memory_bytes);
}
