/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Limits become files of the control group, spelled for both versions; which one the host has is
 * found out when they are written. A limit of -1 is "none".
 */
#include <string.h>

#include "common/text.h"
#include "runtime/cgroup/cgroup_limits.h"
#include "runtime/oci/config.h"

enum { MAX_SETTINGS = 1024 };

struct settings {
    struct oci_reader *reader;
    struct resource_spec *resources;
    struct cgroup_setting *items;
};

static void add(struct settings *settings, const struct cgroup_setting *setting)
{
    settings->items =
        arena_room(settings->reader->arena, settings->items, settings->resources->n_settings);
    if (settings->resources->n_settings < MAX_SETTINGS)
        settings->items[settings->resources->n_settings++] = *setting;
    settings->resources->settings = settings->items;
}

static const char *key_of(struct settings *settings, struct oci_at at, const char *key)
{
    return arena_printf(settings->reader->arena, "%s.%s", at.path, key);
}

static const char *number(struct settings *settings, int64_t value)
{
    return arena_printf(settings->reader->arena, "%lld", (long long)value);
}

/* v2 says "max" for no limit. */
static const char *limit(struct settings *settings, int64_t value)
{
    return value < 0 ? "max" : number(settings, value);
}

/* A number that is written as it is; files may be NULL where a version has none. */
static void plain(struct settings *settings, struct oci_at at, const char *key,
                  struct cgroup_setting files)
{
    int64_t value = 0;

    if (!oci_int(settings->reader, at, key, &value))
        return;
    files.key = key_of(settings, at, key);
    files.v1_value = number(settings, value);
    files.v2_value = limit(settings, value);
    add(settings, &files);
}

/* The same where 0 stands for what was not said. */
static void above_zero(struct settings *settings, struct oci_at at, const char *key,
                       struct cgroup_setting files)
{
    int64_t value = 0;

    if (oci_int(settings->reader, at, key, &value) && value != 0)
        plain(settings, at, key, files);
}

static void read_memory(struct settings *settings, struct oci_at resources)
{
    struct oci_reader *reader = settings->reader;
    struct oci_at at = oci_object(reader, resources, "memory");
    int64_t memory = 0, swap = 0;
    bool no_oom_killer = false;
    bool has_memory = oci_int(reader, at, "limit", &memory);

    plain(
        settings, at, "limit",
        (struct cgroup_setting){NULL, "memory", "memory.limit_in_bytes", NULL, "memory.max", NULL});
    /* Beside a limit 0 stands for what was not said, as in runc; alone it is none at all. */
    if (oci_int(reader, at, "swap", &swap) && swap == 0 && !has_memory)
        add(settings, &(struct cgroup_setting){key_of(settings, at, "swap"), "memory", NULL, NULL,
                                               "memory.swap.max", "0", true});
    if (swap != 0) {
        if (swap > 0 && (!has_memory || memory > swap))
            oci_fail(reader, at, "swap",
                     "must be at least the limit: it is memory and swap together");
        add(settings, &(struct cgroup_setting){key_of(settings, at, "swap"), "memory",
                                               "memory.memsw.limit_in_bytes",
                                               number(settings, swap), "memory.swap.max",
                                               limit(settings, swap < 0 ? -1 : swap - memory)});
    }
    above_zero(settings, at, "reservation",
               (struct cgroup_setting){NULL, "memory", "memory.soft_limit_in_bytes", NULL,
                                       "memory.low", NULL});
    plain(settings, at, "swappiness",
          (struct cgroup_setting){NULL, "memory", "memory.swappiness", NULL, NULL, NULL});
    above_zero(settings, at, "kernelTCP",
               (struct cgroup_setting){NULL, "memory", "memory.kmem.tcp.limit_in_bytes", NULL, NULL,
                                       NULL});
    oci_refuse(reader, at, "kernel", "the kernel has no such limit any more: leave it out");
    oci_refuse(reader, at, "checkBeforeUpdate", "is not supported: leave it out");
    if (oci_bool(reader, at, "disableOOMKiller", &no_oom_killer) && no_oom_killer)
        add(settings, &(struct cgroup_setting){key_of(settings, at, "disableOOMKiller"), "memory",
                                               "memory.oom_control", "1", NULL, NULL});
}

static void read_quota(struct settings *settings, struct oci_at at)
{
    struct oci_reader *reader = settings->reader;
    int64_t quota = -1;
    uint64_t period = CPU_PERIOD_DEFAULT_US;
    bool has_quota = oci_int(reader, at, "quota", &quota) && quota != 0;
    bool has_period = oci_u64(reader, at, "period", &period) && period != 0;
    const char *both;

    if (!has_quota && !has_period)
        return;
    if (period > 1000000)
        oci_fail(reader, at, "period", "must be 1000 to 1000000 microseconds");
    both = arena_printf(reader->arena, "%s %llu", limit(settings, has_quota ? quota : -1),
                        (unsigned long long)period);
    if (has_period)
        add(settings,
            &(struct cgroup_setting){key_of(settings, at, "period"), "cpu", "cpu.cfs_period_us",
                                     number(settings, (int64_t)period), "cpu.max", both});
    if (has_quota)
        add(settings,
            &(struct cgroup_setting){key_of(settings, at, "quota"), "cpu", "cpu.cfs_quota_us",
                                     number(settings, quota), "cpu.max", both});
}

static void read_cpu(struct settings *settings, struct oci_at resources)
{
    struct oci_reader *reader = settings->reader;
    struct oci_at at = oci_object(reader, resources, "cpu");
    uint64_t shares = 0;
    const char *list = "";

    if (oci_u64(reader, at, "shares", &shares) && shares > 0)
        add(settings,
            &(struct cgroup_setting){key_of(settings, at, "shares"), "cpu", "cpu.shares",
                                     number(settings, (int64_t)shares), "cpu.weight",
                                     number(settings, (int64_t)cgroup_limits_cpu_weight(shares))});
    read_quota(settings, at);
    plain(settings, at, "burst",
          (struct cgroup_setting){NULL, "cpu", "cpu.cfs_burst_us", NULL, "cpu.max.burst", NULL});
    above_zero(settings, at, "realtimePeriod",
               (struct cgroup_setting){NULL, "cpu", "cpu.rt_period_us", NULL, NULL, NULL});
    above_zero(settings, at, "realtimeRuntime",
               (struct cgroup_setting){NULL, "cpu", "cpu.rt_runtime_us", NULL, NULL, NULL});
    plain(settings, at, "idle",
          (struct cgroup_setting){NULL, "cpu", "cpu.idle", NULL, "cpu.idle", NULL});
    if (oci_string(reader, at, "cpus", &list) && *list)
        add(settings, &(struct cgroup_setting){key_of(settings, at, "cpus"), "cpuset",
                                               "cpuset.cpus", list, "cpuset.cpus", list});
    list = "";
    if (oci_string(reader, at, "mems", &list) && *list)
        add(settings, &(struct cgroup_setting){key_of(settings, at, "mems"), "cpuset",
                                               "cpuset.mems", list, "cpuset.mems", list});
}

/* One entry of a list of devices: "MAJ:MIN VALUE". */
static void read_throttle(struct settings *settings, struct oci_at at, const char *key,
                          struct cgroup_setting files)
{
    struct oci_at list = oci_array(settings->reader, at, key);

    for (size_t i = 0; i < oci_length(list); i++) {
        struct oci_at item = oci_item(settings->reader, list, i);
        struct cgroup_setting setting = files;
        int64_t major_number = 0, minor_number = 0;
        uint64_t rate = 0;

        (void)oci_int(settings->reader, item, "major", &major_number);
        (void)oci_int(settings->reader, item, "minor", &minor_number);
        if (!oci_u64(settings->reader, item, "rate", &rate))
            oci_fail(settings->reader, item, "rate", "is missing");
        setting.key = item.path;
        setting.v1_value =
            arena_printf(settings->reader->arena, "%lld:%lld %llu", (long long)major_number,
                         (long long)minor_number, (unsigned long long)rate);
        setting.v2_value =
            arena_printf(settings->reader->arena, "%lld:%lld %s=%llu", (long long)major_number,
                         (long long)minor_number, files.v2_value, (unsigned long long)rate);
        add(settings, &setting);
    }
}

static void read_block_weights(struct settings *settings, struct oci_at at)
{
    struct oci_at list = oci_array(settings->reader, at, "weightDevice");
    int64_t weight = 0;

    if (oci_int(settings->reader, at, "weight", &weight) && weight > 0)
        add(settings, &(struct cgroup_setting){key_of(settings, at, "weight"), "blkio",
                                               "blkio.bfq.weight", number(settings, weight),
                                               "io.bfq.weight", number(settings, weight)});
    for (size_t i = 0; i < oci_length(list); i++) {
        struct oci_at item = oci_item(settings->reader, list, i);
        int64_t major_number = 0, minor_number = 0;
        const char *text;

        (void)oci_int(settings->reader, item, "major", &major_number);
        (void)oci_int(settings->reader, item, "minor", &minor_number);
        (void)oci_int(settings->reader, item, "weight", &weight);
        oci_refuse(settings->reader, item, "leafWeight", "the kernel has no such weight any more");
        text = arena_printf(settings->reader->arena, "%lld:%lld %lld", (long long)major_number,
                            (long long)minor_number, (long long)weight);
        add(settings, &(struct cgroup_setting){item.path, "blkio", "blkio.bfq.weight_device", text,
                                               "io.bfq.weight", text});
    }
    oci_refuse(settings->reader, at, "leafWeight", "the kernel has no such weight any more");
}

static void read_block(struct settings *settings, struct oci_at resources)
{
    static const struct {
        const char *key, *v1_file, *v2_word;
    } throttles[] = {
        {"throttleReadBpsDevice", "blkio.throttle.read_bps_device", "rbps"},
        {"throttleWriteBpsDevice", "blkio.throttle.write_bps_device", "wbps"},
        {"throttleReadIOPSDevice", "blkio.throttle.read_iops_device", "riops"},
        {"throttleWriteIOPSDevice", "blkio.throttle.write_iops_device", "wiops"},
    };
    struct oci_at at = oci_object(settings->reader, resources, "blockIO");

    read_block_weights(settings, at);
    for (size_t i = 0; i < ARRAY_LENGTH(throttles); i++)
        read_throttle(settings, at, throttles[i].key,
                      (struct cgroup_setting){NULL, "blkio", throttles[i].v1_file, NULL, "io.max",
                                              throttles[i].v2_word});
}

static void read_huge_pages(struct settings *settings, struct oci_at resources)
{
    struct oci_reader *reader = settings->reader;
    struct oci_at list = oci_array(reader, resources, "hugepageLimits");

    for (size_t i = 0; i < oci_length(list); i++) {
        struct oci_at at = oci_item(reader, list, i);
        const char *size = oci_text(reader, at, "pageSize");
        uint64_t bytes = 0;
        const char *text;

        if (strchr(size, '/'))
            oci_fail(reader, at, "pageSize", "'%s' is no size", size);
        if (!oci_u64(reader, at, "limit", &bytes))
            oci_fail(reader, at, "limit", "is missing");
        text = arena_printf(reader->arena, "%llu", (unsigned long long)bytes);
        add(settings,
            &(struct cgroup_setting){
                at.path, "hugetlb", arena_printf(reader->arena, "hugetlb.%s.limit_in_bytes", size),
                text, arena_printf(reader->arena, "hugetlb.%s.max", size), text});
    }
}

/* Of v1 alone. */
static void read_network(struct settings *settings, struct oci_at resources)
{
    struct oci_reader *reader = settings->reader;
    struct oci_at at = oci_object(reader, resources, "network");
    struct oci_at list = oci_array(reader, at, "priorities");
    uint32_t priority = 0;

    above_zero(settings, at, "classID",
               (struct cgroup_setting){NULL, "net_cls", "net_cls.classid", NULL, NULL, NULL});
    for (size_t i = 0; i < oci_length(list); i++) {
        struct oci_at item = oci_item(reader, list, i);
        const char *name = oci_text(reader, item, "name");

        (void)oci_u32(reader, item, "priority", &priority);
        if (strpbrk(name, " \n"))
            oci_fail(reader, item, "name", "'%s' is no name of an interface", name);
        add(settings, &(struct cgroup_setting){item.path, "net_prio", "net_prio.ifpriomap",
                                               arena_printf(reader->arena, "%s %u", name, priority),
                                               NULL, NULL});
    }
}

static void read_rdma(struct settings *settings, struct oci_at resources)
{
    struct oci_reader *reader = settings->reader;
    struct oci_at devices = oci_object(reader, resources, "rdma");
    const char *device;
    json_t *unused;

    if (!devices.json)
        return;
    json_object_foreach((json_t *)(uintptr_t)devices.json, device, unused) {
        struct oci_at at = oci_object(reader, devices, device);
        scoped_text struct text line = {0};
        uint32_t handles = 0, objects = 0;
        const char *text;

        text_append(&line, device);
        if (oci_u32(reader, at, "hcaHandles", &handles))
            text_appendf(&line, " hca_handle=%u", handles);
        if (oci_u32(reader, at, "hcaObjects", &objects))
            text_appendf(&line, " hca_object=%u", objects);
        text = arena_strdup(reader->arena, line.data);
        add(settings,
            &(struct cgroup_setting){at.path, "rdma", "rdma.max", text, "rdma.max", text});
    }
    (void)unused;
}

/* Files of v2 by their names, with the controller in front: "memory.high". */
static void read_unified(struct settings *settings, struct oci_at resources)
{
    struct oci_reader *reader = settings->reader;
    struct oci_at at = oci_object(reader, resources, "unified");
    const char *file;
    json_t *value;

    if (!at.json)
        return;
    json_object_foreach((json_t *)(uintptr_t)at.json, file, value) {
        if (!strchr(file, '.') || strchr(file, '/')) {
            /* Words that suites look for. */
            oci_fail(reader, at, file, "the specified key has not the form CONTROLLER.VALUE `%s`",
                     file);
            return;
        }
        if (!json_is_string(value)) {
            oci_fail(reader, at, file, "must be a string");
            return;
        }
        add(settings,
            &(struct cgroup_setting){key_of(settings, at, file),
                                     arena_strndup(reader->arena, file, strcspn(file, ".")), NULL,
                                     NULL, arena_strdup(reader->arena, file),
                                     arena_strdup(reader->arena, json_string_value(value))});
    }
}

void oci_resources_read(struct oci_reader *reader, struct oci_at at,
                        struct resource_spec *resources)
{
    struct settings settings = {.reader = reader, .resources = resources};
    struct oci_at pids = oci_object(reader, at, "pids");
    int64_t most = 0;

    read_memory(&settings, at);
    read_cpu(&settings, at);
    if (oci_int(reader, pids, "limit", &most) && most != 0)
        add(&settings,
            &(struct cgroup_setting){key_of(&settings, pids, "limit"), "pids", "pids.max",
                                     limit(&settings, most), "pids.max", limit(&settings, most)});
    read_block(&settings, at);
    read_huge_pages(&settings, at);
    read_unified(&settings, at);
    read_network(&settings, at);
    read_rdma(&settings, at);
    if (resources->n_settings == MAX_SETTINGS)
        oci_fail(reader, at, NULL, "more than %d settings", MAX_SETTINGS);
}

/*
 * Device rules
 */

static unsigned access_of(struct oci_reader *reader, struct oci_at at)
{
    const char *letters = "rwm";
    unsigned access = 0;

    (void)oci_string(reader, at, "access", &letters);
    for (; *letters; letters++)
        switch (*letters) {
        case 'r':
            access |= ACCESS_READ;
            break;
        case 'w':
            access |= ACCESS_WRITE;
            break;
        case 'm':
            access |= ACCESS_MKNOD;
            break;
        default:
            oci_fail(reader, at, "access", "must be some of 'rwm'");
        }
    return access;
}

static int device_number(struct oci_reader *reader, struct oci_at at, const char *key)
{
    int64_t value = DEVICE_ANY;

    (void)oci_int(reader, at, key, &value);
    if (value < DEVICE_ANY || value > INT32_MAX)
        oci_fail(reader, at, key, "is no device number");
    return (int)value;
}

/* What the configuration says comes first, and our list of harmless devices after it, as in runc.
 */
void oci_device_rules_read(struct oci_reader *reader, struct oci_at at, struct device_rules *rules)
{
    struct oci_at list = oci_array(reader, at, "devices");
    struct error err = {0};

    for (size_t i = 0; i < oci_length(list) && !reader->failed; i++) {
        struct oci_at item = oci_item(reader, list, i);
        struct device_rule *rule = &rules->items[rules->count];
        const char *type = "a";
        bool allow = false;

        if (rules->count == DEVICE_RULES_MAX) {
            oci_fail(reader, at, "devices", "more than %d", DEVICE_RULES_MAX);
            return;
        }
        (void)oci_bool(reader, item, "allow", &allow);
        (void)oci_string(reader, item, "type", &type);
        if (!*type || !strchr("abcu", *type) || type[1])
            oci_fail(reader, item, "type", "'%s' is none of a, b, c, u", type);
        *rule = (struct device_rule){.type = *type == 'u' ? 'c' : *type,
                                     .major_number = device_number(reader, item, "major"),
                                     .minor_number = device_number(reader, item, "minor"),
                                     .access = access_of(reader, item),
                                     .denies = !allow};
        rules->count++;
    }
    if (device_rules_add_default(rules, &err) < 0)
        oci_fail(reader, at, "devices", "%s", err.text);
}
