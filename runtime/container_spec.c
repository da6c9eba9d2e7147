/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/container_spec.h"

static const struct codec_field mount_codec[] = {
    CODEC_FIELD(struct mount_spec, kind, CODEC_INT),
    CODEC_FIELD(struct mount_spec, source, CODEC_STRING),
    CODEC_FIELD(struct mount_spec, layers, CODEC_STRINGS),
    CODEC_FIELD(struct mount_spec, target, CODEC_STRING),
    CODEC_FIELD(struct mount_spec, read_only, CODEC_BOOL),
    CODEC_FIELD(struct mount_spec, recursive, CODEC_BOOL),
    CODEC_FIELD(struct mount_spec, writable_below, CODEC_BOOL),
    CODEC_FIELD(struct mount_spec, create_source, CODEC_BOOL),
    CODEC_FIELD(struct mount_spec, subpath, CODEC_STRING),
    CODEC_FIELD(struct mount_spec, propagation, CODEC_STRING),
    CODEC_FIELD(struct mount_spec, options, CODEC_STRING),
    {NULL, CODEC_END, 0, 0, 0, NULL},
};

static const struct codec_field ulimit_codec[] = {
    CODEC_FIELD(struct ulimit_spec, name, CODEC_STRING),
    CODEC_FIELD(struct ulimit_spec, soft, CODEC_INT64),
    CODEC_FIELD(struct ulimit_spec, hard, CODEC_INT64),
    {NULL, CODEC_END, 0, 0, 0, NULL},
};

static const struct codec_field device_codec[] = {
    CODEC_FIELD(struct device_spec, source, CODEC_STRING),
    CODEC_FIELD(struct device_spec, target, CODEC_STRING),
    CODEC_FIELD(struct device_spec, permissions, CODEC_STRING),
    {NULL, CODEC_END, 0, 0, 0, NULL},
};

static const struct codec_field device_hook_codec[] = {
    CODEC_FIELD(struct device_hook, path, CODEC_STRING),
    CODEC_FIELD(struct device_hook, args, CODEC_STRINGS),
    CODEC_FIELD(struct device_hook, env, CODEC_STRINGS),
    CODEC_FIELD(struct device_hook, timeout_s, CODEC_INT),
    {NULL, CODEC_END, 0, 0, 0, NULL},
};

static const struct codec_field setting_codec[] = {
    CODEC_FIELD(struct cgroup_setting, key, CODEC_STRING),
    CODEC_FIELD(struct cgroup_setting, controller, CODEC_STRING),
    CODEC_FIELD(struct cgroup_setting, v1_file, CODEC_STRING),
    CODEC_FIELD(struct cgroup_setting, v1_value, CODEC_STRING),
    CODEC_FIELD(struct cgroup_setting, v2_file, CODEC_STRING),
    CODEC_FIELD(struct cgroup_setting, v2_value, CODEC_STRING),
    CODEC_FIELD(struct cgroup_setting, optional, CODEC_BOOL),
    {NULL, CODEC_END, 0, 0, 0, NULL},
};

static const struct codec_field resource_codec[] = {
    CODEC_FIELD(struct resource_spec, memory_bytes, CODEC_INT64),
    CODEC_FIELD(struct resource_spec, memory_swap_bytes, CODEC_INT64),
    CODEC_FIELD(struct resource_spec, memory_reservation_bytes, CODEC_INT64),
    CODEC_FIELD(struct resource_spec, cpu_quota_us, CODEC_INT64),
    CODEC_FIELD(struct resource_spec, cpu_period_us, CODEC_INT64),
    CODEC_FIELD(struct resource_spec, cpu_shares, CODEC_UINT64),
    CODEC_FIELD(struct resource_spec, cpuset, CODEC_STRING),
    CODEC_FIELD(struct resource_spec, pids, CODEC_INT64),
    CODEC_LIST(struct resource_spec, settings, n_settings, setting_codec),
    {NULL, CODEC_END, 0, 0, 0, NULL},
};

/* Bases are below 2^31, as subordinate ids are: they fit an int. */
static const struct codec_field id_map_codec[] = {
    CODEC_FIELD(struct id_map, base, CODEC_INT),
    CODEC_FIELD(struct id_map, count, CODEC_INT),
    {NULL, CODEC_END, 0, 0, 0, NULL},
};

const struct codec_field container_spec_codec[] = {
    CODEC_FIELD(struct container_spec, id, CODEC_STRING),
    CODEC_FIELD(struct container_spec, hostname, CODEC_STRING),
    CODEC_FIELD(struct container_spec, domainname, CODEC_STRING),
    CODEC_FIELD(struct container_spec, args, CODEC_STRINGS),
    CODEC_FIELD(struct container_spec, env, CODEC_STRINGS),
    CODEC_FIELD(struct container_spec, cwd, CODEC_STRING),
    CODEC_FIELD(struct container_spec, user, CODEC_STRING),
    CODEC_FIELD(struct container_spec, groups, CODEC_STRINGS),
    CODEC_FIELD(struct container_spec, layers, CODEC_STRINGS),
    CODEC_FIELD(struct container_spec, upper_dir, CODEC_STRING),
    CODEC_FIELD(struct container_spec, read_only, CODEC_BOOL),
    CODEC_LIST(struct container_spec, mounts, n_mounts, mount_codec),
    CODEC_FIELD(struct container_spec, etc_dir, CODEC_STRING),
    CODEC_NESTED(struct container_spec, id_map, id_map_codec),
    CODEC_FIELD(struct container_spec, privileged, CODEC_BOOL),
    CODEC_FIELD(struct container_spec, init, CODEC_BOOL),
    CODEC_FIELD(struct container_spec, tty, CODEC_BOOL),
    CODEC_FIELD(struct container_spec, no_new_privileges, CODEC_BOOL),
    CODEC_FIELD(struct container_spec, host_network, CODEC_BOOL),
    CODEC_FIELD(struct container_spec, host_pid, CODEC_BOOL),
    CODEC_FIELD(struct container_spec, host_ipc, CODEC_BOOL),
    CODEC_FIELD(struct container_spec, host_uts, CODEC_BOOL),
    CODEC_FIELD(struct container_spec, host_cgroup, CODEC_BOOL),
    CODEC_FIELD(struct container_spec, seccomp_unconfined, CODEC_BOOL),
    CODEC_FIELD(struct container_spec, cap_add, CODEC_STRINGS),
    CODEC_FIELD(struct container_spec, cap_drop, CODEC_STRINGS),
    CODEC_FIELD(struct container_spec, sysctls, CODEC_STRINGS),
    CODEC_LIST(struct container_spec, ulimits, n_ulimits, ulimit_codec),
    CODEC_LIST(struct container_spec, devices, n_devices, device_codec),
    CODEC_LIST(struct container_spec, device_hooks, n_device_hooks, device_hook_codec),
    CODEC_NESTED(struct container_spec, resources, resource_codec),
    CODEC_FIELD(struct container_spec, cgroup_parent, CODEC_STRING),
    CODEC_FIELD(struct container_spec, shm_bytes, CODEC_INT64),
    CODEC_FIELD(struct container_spec, oom_score_adj, CODEC_INT),
    CODEC_FIELD(struct container_spec, stdin_path, CODEC_STRING),
    CODEC_FIELD(struct container_spec, stdout_path, CODEC_STRING),
    CODEC_FIELD(struct container_spec, stderr_path, CODEC_STRING),
    {NULL, CODEC_END, 0, 0, 0, NULL},
};
