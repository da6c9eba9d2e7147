/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <string.h>

#include "common/text.h"
#include "runtime/oci/config.h"

/* Each setting as "V1-FILE=VALUE V2-FILE=VALUE;", "-" where a version has none. */
static const char *settings_of(struct arena *arena, const char *resources, struct error *err)
{
    scoped(json_release) json_t *json = oci_json_parse(resources, strlen(resources), err);
    struct oci_reader reader = {.arena = arena, .file = "resources"};
    struct resource_spec spec = {0};
    scoped_text struct text out = {0};

    cr_assert(json, "%s: %s", resources, err->text);
    oci_resources_read(&reader, (struct oci_at){json, ""}, &spec);
    if (oci_finish(&reader, err) < 0)
        return NULL;
    for (size_t i = 0; i < spec.n_settings; i++) {
        const struct cgroup_setting *setting = &spec.settings[i];

        if (setting->v1_file)
            text_appendf(&out, "%s=%s", setting->v1_file, setting->v1_value);
        else
            text_append(&out, "-");
        if (setting->v2_file)
            text_appendf(&out, " %s=%s;", setting->v2_file, setting->v2_value);
        else
            text_append(&out, " -;");
    }
    return arena_strdup(arena, text_get(&out));
}

static const struct {
    const char *resources, *settings;
} known[] = {
    {"{}", ""},
    {"{\"memory\":{\"limit\":100,\"swap\":300}}",
     "memory.limit_in_bytes=100 memory.max=100;"
     "memory.memsw.limit_in_bytes=300 memory.swap.max=200;"},
    {"{\"memory\":{\"swap\":0}}", "- memory.swap.max=0;"},
    {"{\"memory\":{\"limit\":100,\"swap\":0}}", "memory.limit_in_bytes=100 memory.max=100;"},
    {"{\"memory\":{\"limit\":100,\"swap\":-1}}",
     "memory.limit_in_bytes=100 memory.max=100;"
     "memory.memsw.limit_in_bytes=-1 memory.swap.max=max;"},
    {"{\"memory\":{\"reservation\":50,\"swappiness\":0,\"kernelTCP\":7,\"disableOOMKiller\":true}}",
     "memory.soft_limit_in_bytes=50 memory.low=50;memory.swappiness=0 -;"
     "memory.kmem.tcp.limit_in_bytes=7 -;memory.oom_control=1 -;"},
    {"{\"cpu\":{\"shares\":1024,\"cpus\":\"0-1\",\"mems\":\"0\",\"idle\":1,\"burst\":5}}",
     "cpu.shares=1024 cpu.weight=100;cpu.cfs_burst_us=5 cpu.max.burst=5;cpu.idle=1 cpu.idle=1;"
     "cpuset.cpus=0-1 cpuset.cpus=0-1;cpuset.mems=0 cpuset.mems=0;"},
    {"{\"cpu\":{\"quota\":5000,\"period\":20000,\"realtimePeriod\":9,\"realtimeRuntime\":3}}",
     "cpu.cfs_period_us=20000 cpu.max=5000 20000;cpu.cfs_quota_us=5000 cpu.max=5000 20000;"
     "cpu.rt_period_us=9 -;cpu.rt_runtime_us=3 -;"},
    {"{\"cpu\":{\"quota\":-1}}", "cpu.cfs_quota_us=-1 cpu.max=max 100000;"},
    {"{\"pids\":{\"limit\":-1}}", "pids.max=max pids.max=max;"},
    {"{\"blockIO\":{\"weight\":100,\"weightDevice\":[{\"major\":8,\"minor\":1,\"weight\":200}]}}",
     "blkio.bfq.weight=100 io.bfq.weight=100;"
     "blkio.bfq.weight_device=8:1 200 io.bfq.weight=8:1 200;"},
    {"{\"blockIO\":{\"throttleReadBpsDevice\":[{\"major\":8,\"minor\":0,\"rate\":1000}],"
     "\"throttleWriteIOPSDevice\":[{\"major\":8,\"minor\":0,\"rate\":9}]}}",
     "blkio.throttle.read_bps_device=8:0 1000 io.max=8:0 rbps=1000;"
     "blkio.throttle.write_iops_device=8:0 9 io.max=8:0 wiops=9;"},
    {"{\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":4194304}]}",
     "hugetlb.2MB.limit_in_bytes=4194304 hugetlb.2MB.max=4194304;"},
    {"{\"unified\":{\"memory.high\":\"1000\"}}", "- memory.high=1000;"},
    {"{\"network\":{\"classID\":1048577,\"priorities\":[{\"name\":\"lo\",\"priority\":3}]}}",
     "net_cls.classid=1048577 -;net_prio.ifpriomap=lo 3 -;"},
    {"{\"rdma\":{\"mlx5_1\":{\"hcaHandles\":3,\"hcaObjects\":10000}}}",
     "rdma.max=mlx5_1 hca_handle=3 hca_object=10000 "
     "rdma.max=mlx5_1 hca_handle=3 hca_object=10000;"},
};

Test(oci_config_resources, every_limit_is_spelled_for_both_versions)
{
    scoped(arena_free) struct arena *arena = arena_new();

    for (size_t i = 0; i < ARRAY_LENGTH(known); i++) {
        struct error err = {0};
        const char *settings = settings_of(arena, known[i].resources, &err);

        cr_assert(settings, "%s: %s", known[i].resources, err.text);
        cr_expect_str_eq(settings, known[i].settings, "%s: %s", known[i].resources, settings);
    }
}

static const struct {
    const char *resources, *place;
} refused[] = {
    {"{\"memory\":{\"limit\":100,\"swap\":50}}", "memory.swap: "},
    {"{\"memory\":{\"kernel\":100}}", "memory.kernel: "},
    {"{\"cpu\":{\"period\":2000000,\"quota\":1}}", "cpu.period: "},
    {"{\"blockIO\":{\"leafWeight\":5}}", "blockIO.leafWeight: "},
    {"{\"hugepageLimits\":[{\"pageSize\":\"../x\",\"limit\":1}]}", "hugepageLimits[0].pageSize: "},
    {"{\"unified\":{\"../x.y\":\"1\"}}", "unified.../x.y: "},
    {"{\"unified\":{\"nothing\":\"1\"}}", "unified.nothing: "},
    {"{\"network\":{\"priorities\":[{\"name\":\"lo 9\\nx\",\"priority\":3}]}}",
     "network.priorities[0].name: "},
};

Test(oci_config_resources, what_cannot_be_is_refused_by_its_place)
{
    scoped(arena_free) struct arena *arena = arena_new();

    for (size_t i = 0; i < ARRAY_LENGTH(refused); i++) {
        struct error err = {0};

        cr_expect(!settings_of(arena, refused[i].resources, &err), "%s", refused[i].resources);
        cr_expect(strstr(err.text, refused[i].place), "%s: %s", refused[i].resources, err.text);
    }
}
