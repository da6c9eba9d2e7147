/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/cgroup/oom_victim.h"

#include <criterion/criterion.h>

static const char CHOSEN[] =
    "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=/yawl/"
    "p/p-a-1.2,task_memcg=/yawl/p/p-a-1.2,task=tail, (x),pid=4711,uid=1000";
static const char KILLED[] =
    "Memory cgroup out of memory: Killed process 4711 (tail, (x)) total-vm:70000kB, "
    "anon-rss:61000kB, file-rss:1000kB, shmem-rss:4kB, UID:1000 pgtables:160kB oom_score_adj:0";

Test(oom_victim, two_lines_of_the_kernel_tell_name_and_size)
{
    struct oom_victim victim = {0};

    oom_victim_take(&victim, "yawl/p/p-a-1.2", CHOSEN);
    cr_expect_str_eq(victim.name, "tail, (x)");
    cr_expect_eq(victim.pid, 4711);
    oom_victim_take(&victim, "yawl/p/p-a-1.2", KILLED);
    cr_expect_eq(victim.bytes, (61000 + 1000 + 4) * 1024);
}

Test(oom_victim, other_groups_and_other_processes_are_not_meant)
{
    struct oom_victim victim = {0};

    oom_victim_take(&victim, "yawl/p/p-a-1.1", CHOSEN);
    oom_victim_take(&victim, "p/p-a-1", CHOSEN);
    cr_expect_str_eq(victim.name, "");
    oom_victim_take(&victim, "yawl/p/p-a-1.1", KILLED);
    cr_expect_eq(victim.bytes, 0);
}

Test(oom_victim, the_last_one_counts)
{
    struct oom_victim victim = {.name = "older", .pid = 1, .bytes = 5};

    oom_victim_take(&victim, "yawl/p/p-a-1.2", CHOSEN);
    cr_expect_str_eq(victim.name, "tail, (x)");
    cr_expect_eq(victim.bytes, 0);
}

Test(oom_victim, cut_lines_change_nothing)
{
    struct oom_victim victim = {0};

    oom_victim_take(&victim, "yawl/p/p-a-1.2", "oom-kill:task_memcg=/yawl/p/p-a-1.2,task=tail");
    oom_victim_take(&victim, "yawl/p/p-a-1.2", "Killed process ");
    oom_victim_take(&victim, "yawl/p/p-a-1.2", "");
    cr_expect_str_eq(victim.name, "");
    cr_expect_eq(victim.bytes, 0);
}
