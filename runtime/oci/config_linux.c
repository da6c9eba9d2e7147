/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "common/path.h"
#include "common/text.h"
#include "runtime/host_devices.h"
#include "runtime/oci/config.h"
#include "runtime/oci/seccomp_profile.h"

enum { MAX_ITEMS = 4096 };

static const struct {
    const char *name;
    int type;
} namespace_types[] = {
    {"pid", CLONE_NEWPID},   {"network", CLONE_NEWNET},   {"ipc", CLONE_NEWIPC},
    {"uts", CLONE_NEWUTS},   {"mount", CLONE_NEWNS},      {"user", CLONE_NEWUSER},
    {"time", CLONE_NEWTIME}, {"cgroup", CLONE_NEWCGROUP},
};

static int namespace_type(const char *name)
{
    for (size_t i = 0; i < ARRAY_LENGTH(namespace_types); i++)
        if (string_eq(namespace_types[i].name, name))
            return namespace_types[i].type;
    return 0;
}

/* Who joins a namespace that is the caller's has it as if nothing had been said. */
static bool is_callers(const char *path)
{
    static const char *const names[] = {"pid", "net",  "ipc",  "uts",
                                        "mnt", "user", "time", "cgroup"};
    struct stat status, own;
    char own_path[32];

    if (stat(path, &status) < 0)
        return false;
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        (void)snprintf(own_path, sizeof(own_path), "/proc/self/ns/%s", names[i]);
        if (stat(own_path, &own) == 0 && own.st_dev == status.st_dev && own.st_ino == status.st_ino)
            return true;
    }
    return false;
}

static bool shares(const struct bundle_spec *bundle, int type)
{
    for (size_t i = 0; i < bundle->n_joined; i++)
        if (bundle->joined[i].type == type)
            return is_callers(bundle->joined[i].path);
    return !bundle_has_namespace(bundle, type);
}

static void read_namespace(struct oci_reader *reader, struct oci_at at, struct bundle_spec *bundle)
{
    const char *name = oci_text(reader, at, "type");
    const char *path = "";
    int type = namespace_type(name);

    (void)oci_string(reader, at, "path", &path);
    if (!type)
        oci_fail(reader, at, "type", "there is no namespace '%s'", name);
    else if (bundle_has_namespace(bundle, type))
        oci_fail(reader, at, "type", "'%s' stands there twice", name);
    else if (*path && *path != '/')
        oci_fail(reader, at, "path", "must be absolute");
    else if (*path)
        bundle->joined[bundle->n_joined++] = (struct namespace_path){type, path};
    else
        bundle->new_namespaces |= (uint64_t)type;
}

/* What is in the user namespace that is joined must be joined after it, as the library does it in
 * this order. */
static void order_joined(struct bundle_spec *bundle)
{
    for (size_t i = 1; i < bundle->n_joined; i++)
        if (bundle->joined[i].type == CLONE_NEWUSER) {
            struct namespace_path user = bundle->joined[i];

            memmove(bundle->joined + 1, bundle->joined, i * sizeof(user));
            bundle->joined[0] = user;
        }
}

static void read_namespaces(struct oci_reader *reader, struct oci_at at, struct oci_config *config)
{
    struct bundle_spec *bundle = &config->bundle;
    struct container_spec *container = &config->container;
    struct oci_at list = oci_array(reader, at, "namespaces");
    size_t count = oci_length(list);

    if (count > ARRAY_LENGTH(namespace_types)) {
        oci_fail(reader, at, "namespaces", "more than there are types");
        return;
    }
    bundle->joined = arena_new_array(reader->arena, struct namespace_path, count + 1);
    for (size_t i = 0; i < count; i++)
        read_namespace(reader, oci_item(reader, list, i), bundle);
    /* As in crun: an ordinary user can have none of the others without. */
    if (geteuid() != 0 && !bundle_has_namespace(bundle, CLONE_NEWUSER)) {
        oci_warn(reader, at, "namespaces", "an ordinary user needs a user namespace: one is added");
        bundle->new_namespaces |= CLONE_NEWUSER;
    }
    order_joined(bundle);
    container->host_pid = shares(bundle, CLONE_NEWPID);
    container->host_network = shares(bundle, CLONE_NEWNET);
    container->host_ipc = shares(bundle, CLONE_NEWIPC);
    container->host_uts = shares(bundle, CLONE_NEWUTS);
    if (container->host_uts && container->hostname && *container->hostname)
        oci_fail(reader, (struct oci_at){NULL, ""}, "hostname",
                 "would change the host's: add a uts namespace");
    if (container->host_uts && container->domainname && *container->domainname)
        oci_fail(reader, (struct oci_at){NULL, ""}, "domainname",
                 "would change the host's: add a uts namespace");
}

void oci_ids_read(struct oci_reader *reader, struct oci_at at, const char *key,
                  struct id_ranges *ranges)
{
    struct oci_at list = oci_array(reader, at, key);
    size_t count = oci_length(list);

    if (count > OCI_MAX_RANGES) {
        oci_fail(reader, at, key, "more than %d ranges", OCI_MAX_RANGES);
        return;
    }
    ranges->items = arena_new_array(reader->arena, struct id_range, count + 1);
    for (size_t i = 0; i < count; i++) {
        struct oci_at item = oci_item(reader, list, i);
        struct id_range *range = &ranges->items[i];

        (void)oci_u32(reader, item, "containerID", &range->inside);
        (void)oci_u32(reader, item, "hostID", &range->outside);
        (void)oci_u32(reader, item, "size", &range->count);
        if (range->count == 0)
            oci_fail(reader, item, "size", "must be above 0");
    }
    ranges->count = count;
}

static void map_root(struct arena *arena, struct id_ranges *ranges, uint32_t outside)
{
    ranges->items = arena_new_array(arena, struct id_range, 1);
    ranges->items[0] = (struct id_range){0, outside, 1};
    ranges->count = 1;
}

/* Without a word about ids root inside is who calls us, as in crun. */
static void read_ids(struct oci_reader *reader, struct oci_at at, struct bundle_spec *bundle)
{
    bool is_new = bundle->new_namespaces & CLONE_NEWUSER;

    oci_ids_read(reader, at, "uidMappings", &bundle->uids);
    oci_ids_read(reader, at, "gidMappings", &bundle->gids);
    if (is_new && bundle->uids.count == 0 && bundle->gids.count == 0) {
        map_root(reader->arena, &bundle->uids, geteuid());
        map_root(reader->arena, &bundle->gids, getegid());
    }
    if (is_new && (bundle->uids.count == 0 || bundle->gids.count == 0))
        oci_fail(reader, at, bundle->uids.count ? "gidMappings" : "uidMappings",
                 "is missing: a new user namespace needs it");
    if (!bundle_has_namespace(bundle, CLONE_NEWUSER) && (bundle->uids.count || bundle->gids.count))
        oci_fail(reader, at, "uidMappings", "needs a user namespace: add {\"type\":\"user\"}");
}

static void read_time_offsets(struct oci_reader *reader, struct oci_at at,
                              struct bundle_spec *bundle)
{
    static const char *const clocks[] = {"monotonic", "boottime"};
    struct oci_at offsets = oci_object(reader, at, "timeOffsets");
    scoped_text struct text lines = {0};

    if (!offsets.json)
        return;
    if (!(bundle->new_namespaces & CLONE_NEWTIME))
        oci_fail(reader, at, "timeOffsets", "needs a new time namespace: add {\"type\":\"time\"}");
    for (size_t i = 0; i < ARRAY_LENGTH(clocks); i++) {
        struct oci_at clock = oci_object(reader, offsets, clocks[i]);
        int64_t secs = 0, nanosecs = 0;

        (void)oci_int(reader, clock, "secs", &secs);
        (void)oci_int(reader, clock, "nanosecs", &nanosecs);
        if (clock.json)
            text_appendf(&lines, "%s %lld %lld\n", clocks[i], (long long)secs, (long long)nanosecs);
    }
    if (lines.length)
        bundle->time_offsets = arena_strdup(reader->arena, lines.data);
}

/*
 * Devices
 */

static void read_node(struct oci_reader *reader, struct oci_at at, struct node_spec *node)
{
    const char *type = oci_text(reader, at, "type");
    uint32_t mode = 0666;
    int64_t major_number = 0, minor_number = 0;

    node->path = path_clean(reader->arena, oci_text(reader, at, "path"));
    if (node->path[0] != '/' || string_eq(node->path, "/"))
        oci_fail(reader, at, "path", "must be absolute and below '/'");
    node->type = string_eq(type, "b") ? S_IFBLK : string_eq(type, "p") ? S_IFIFO : S_IFCHR;
    if (!string_eq(type, "c") && !string_eq(type, "u") && !string_eq(type, "b") &&
        !string_eq(type, "p"))
        oci_fail(reader, at, "type", "'%s' is none of c, u, b, p", type);
    if (node->type != S_IFIFO && (!oci_int(reader, at, "major", &major_number) ||
                                  !oci_int(reader, at, "minor", &minor_number)))
        oci_fail(reader, at, "major", "major and minor are missing");
    if (major_number < 0 || major_number > 4095 || minor_number < 0 || minor_number > 1048575)
        oci_fail(reader, at, "major", "is no device number");
    (void)oci_u32(reader, at, "fileMode", &mode);
    (void)oci_u32(reader, at, "uid", &node->uid);
    (void)oci_u32(reader, at, "gid", &node->gid);
    /* Some callers give the type here as well. */
    node->mode = mode & 07777;
    node->number = makedev((unsigned)major_number, (unsigned)minor_number);
}

static bool has_node(const struct bundle_spec *bundle, const char *path)
{
    for (size_t i = 0; i < bundle->n_nodes; i++)
        if (string_eq(bundle->nodes[i].path, path))
            return true;
    return false;
}

/* Those of the configuration, and the six that every container has. */
static void read_nodes(struct oci_reader *reader, struct oci_at at, struct bundle_spec *bundle)
{
    struct oci_at list = oci_array(reader, at, "devices");
    size_t count = oci_length(list);

    if (count > MAX_ITEMS) {
        oci_fail(reader, at, "devices", "more than %d", MAX_ITEMS);
        return;
    }
    bundle->nodes = arena_new_array(reader->arena, struct node_spec, count + HOST_DEVICES_STANDARD);
    for (size_t i = 0; i < count && !reader->failed; i++)
        read_node(reader, oci_item(reader, list, i), &bundle->nodes[bundle->n_nodes++]);
    for (size_t i = 0; i < HOST_DEVICES_STANDARD && !reader->failed; i++) {
        const struct host_device *device = &host_devices_standard[i];
        const char *path = arena_printf(reader->arena, "/dev/%s", device->name);

        if (!has_node(bundle, path))
            bundle->nodes[bundle->n_nodes++] =
                (struct node_spec){path, S_IFCHR, device->mode, device->number, 0, 0};
    }
}

/*
 * The rest
 */

static void read_sysctls(struct oci_reader *reader, struct oci_at at,
                         struct container_spec *container)
{
    struct oci_at sysctls = oci_object(reader, at, "sysctl");
    const char *key;
    json_t *value;

    if (!sysctls.json)
        return;
    json_object_foreach((json_t *)(uintptr_t)sysctls.json, key, value) {
        if (!json_is_string(value)) {
            oci_fail(reader, sysctls, key, "must be a string");
            return;
        }
        string_list_add(reader->arena, &container->sysctls,
                        arena_printf(reader->arena, "%s=%s", key, json_string_value(value)));
    }
}

static void read_personality(struct oci_reader *reader, struct oci_at at,
                             struct process_spec *process)
{
    struct oci_at personality_at = oci_object(reader, at, "personality");
    const char *domain;

    if (!personality_at.json)
        return;
    domain = oci_text(reader, personality_at, "domain");
    oci_refuse(reader, personality_at, "flags", "the specification knows no flags yet");
    if (!string_eq(domain, "LINUX") && !string_eq(domain, "LINUX32"))
        oci_fail(reader, personality_at, "domain", "must be LINUX or LINUX32");
    process->has_personality = true;
    process->personality = string_eq(domain, "LINUX32") ? PER_LINUX32 : PER_LINUX;
}

static void read_root_propagation(struct oci_reader *reader, struct oci_at at,
                                  struct bundle_spec *bundle)
{
    const char *word = "";

    if (!oci_string(reader, at, "rootfsPropagation", &word) || !*word)
        return;
    bundle->root_propagation = oci_propagation(word);
    if (!bundle->root_propagation)
        oci_fail(reader, at, "rootfsPropagation", "there is no propagation '%s'", word);
}

static void read_mount_label(struct oci_reader *reader, struct oci_at at, struct oci_config *config)
{
    const char *label = "";

    if (!oci_string(reader, at, "mountLabel", &label) || !*label)
        return;
    if (access(OCI_SELINUX_FILE, F_OK) < 0)
        oci_fail(reader, at, "mountLabel", "SELinux is not enabled on this host");
    config->mount_label = label;
}

static void check_paths(struct oci_reader *reader, struct oci_at at, const char *key,
                        const struct string_list *paths)
{
    for (size_t i = 0; i < paths->count; i++)
        if (paths->items[i][0] != '/')
            oci_fail(reader, at, key, "'%s' is not absolute", paths->items[i]);
}

void oci_linux_read(struct oci_reader *reader, struct oci_at root, struct oci_config *config)
{
    struct oci_at at = oci_object(reader, root, "linux");
    struct bundle_spec *bundle = &config->bundle;
    struct oci_at resources;

    if (!at.json)
        oci_fail(reader, root, "linux", "is missing");
    read_namespaces(reader, at, config);
    read_ids(reader, at, bundle);
    read_time_offsets(reader, at, bundle);
    read_nodes(reader, at, bundle);
    read_sysctls(reader, at, &config->container);
    read_personality(reader, at, &config->process.spec);
    oci_memory_policy_read(reader, at, &config->process.spec);
    read_root_propagation(reader, at, bundle);
    seccomp_profile_listener(reader, oci_object(reader, at, "seccomp"), &config->process.spec);
    (void)oci_strings(reader, at, "maskedPaths", &bundle->hidden_paths);
    (void)oci_strings(reader, at, "readonlyPaths", &bundle->read_only_paths);
    check_paths(reader, at, "maskedPaths", &bundle->hidden_paths);
    check_paths(reader, at, "readonlyPaths", &bundle->read_only_paths);
    (void)oci_string(reader, at, "cgroupsPath", &config->cgroups_path);
    read_mount_label(reader, at, config);
    oci_intel_rdt_read(reader, at, config);
    oci_net_devices_read(reader, at, config);

    resources = oci_object(reader, at, "resources");
    config->container.resources.everywhere = true;
    oci_resources_read(reader, resources, &config->container.resources);
    oci_device_rules_read(reader, resources, &config->device_rules);
    bundle->device_rules = &config->device_rules;
}
