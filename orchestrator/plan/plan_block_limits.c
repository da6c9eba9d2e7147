/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `blkio_config` as files of control groups. A kernel has those for weights only with the BFQ
 * scheduler (or, on v2, with io.cost), and an ordinary user may have none: what is not there is
 * left out, as docker does.
 */
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "orchestrator/plan/plan_build.h"

/* Docker's range, and that of io.weight. */
enum { WEIGHT_LEAST = 10, WEIGHT_MOST = 1000, IO_WEIGHT_MOST = 10000 };

struct block_file {
    const char *key, *v1_file, *v2_file;
    const char *v2_word; /* in front of the value; NULL: nothing */
};

static const struct block_file block_files[] = {
    {"weight", "blkio.bfq.weight", "io.bfq.weight", NULL},
    {"weight_device", "blkio.bfq.weight_device", "io.bfq.weight", NULL},
    {"device_read_bps", "blkio.throttle.read_bps_device", "io.max", "rbps="},
    {"device_read_iops", "blkio.throttle.read_iops_device", "io.max", "riops="},
    {"device_write_bps", "blkio.throttle.write_bps_device", "io.max", "wbps="},
    {"device_write_iops", "blkio.throttle.write_iops_device", "io.max", "wiops="},
};

static const struct block_file *block_file_of(const char *key)
{
    for (size_t i = 0; i < ARRAY_LENGTH(block_files); i++)
        if (string_eq(block_files[i].key, key))
            return &block_files[i];
    return NULL;
}

static const char *setting_name(struct plan_build *build, const struct block_limit *limit)
{
    return arena_printf(build->arena, "blkio_config.%s", limit->key);
}

/* "MAJOR:MINOR ", or "" for all devices; NULL after an error was added. */
static const char *device_numbers(struct plan_build *build, const struct block_limit *limit)
{
    struct stat status;

    if (!limit->path)
        return "";
    if (stat(limit->path, &status) == 0 && S_ISBLK(status.st_mode))
        return arena_printf(build->arena, "%u:%u ", major(status.st_rdev), minor(status.st_rdev));
    plan_build_error(build, build->service->at, setting_name(build, limit),
                     "'%s' is no block device of this machine", limit->path);
    return NULL;
}

/* The same share for kernels whose schedulers are weighed by io.cost. */
static void add_io_weight(struct plan_build *build, const struct block_limit *limit,
                          const char *device)
{
    int64_t weight =
        1 + (limit->value - WEIGHT_LEAST) * (IO_WEIGHT_MOST - 1) / (WEIGHT_MOST - WEIGHT_LEAST);

    plan_build_setting(
        build, (struct cgroup_setting){.controller = "blkio",
                                       .key = setting_name(build, limit),
                                       .v2_file = "io.weight",
                                       .v2_value = arena_printf(build->arena, "%s%lld",
                                                                *device ? device : "default ",
                                                                (long long)weight)});
}

static void add_limit(struct plan_build *build, const struct block_limit *limit)
{
    const struct block_file *file = block_file_of(limit->key);
    const char *device = device_numbers(build, limit);

    if (!file || !device)
        return;
    if (!file->v2_word && (limit->value < WEIGHT_LEAST || limit->value > WEIGHT_MOST)) {
        plan_build_error(build, build->service->at, setting_name(build, limit),
                         "%lld is no weight from %d to %d", (long long)limit->value, WEIGHT_LEAST,
                         WEIGHT_MOST);
        return;
    }
    plan_build_setting(
        build,
        (struct cgroup_setting){
            .controller = "blkio",
            .key = setting_name(build, limit),
            .v1_file = file->v1_file,
            .v1_value = arena_printf(build->arena, "%s%lld", device, (long long)limit->value),
            .v2_file = file->v2_file,
            .v2_value = arena_printf(build->arena, "%s%s%lld", device,
                                     file->v2_word ? file->v2_word : "", (long long)limit->value)});
    if (!file->v2_word)
        add_io_weight(build, limit, device);
}

void plan_build_block_limits(struct plan_build *build)
{
    for (size_t i = 0; i < build->service->n_block_limits; i++)
        add_limit(build, &build->service->block_limits[i]);
}
