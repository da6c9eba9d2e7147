/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/oci/config.h"

#include <criterion/criterion.h>
#include <string.h>
#include <sys/mount.h>

#include "common/text.h"

/* A configuration that is right, with more members for the process, the root object and linux. */
static const char *document(struct arena *arena, const char *process, const char *top,
                            const char *linux_members)
{
    return arena_printf(arena,
                        "{\"ociVersion\":\"1.0.2\",\"root\":{\"path\":\"rootfs\"},"
                        "\"process\":{\"cwd\":\"/\",\"args\":[\"sh\"]%s},"
                        "\"linux\":{\"namespaces\":[{\"type\":\"mount\"}]%s}%s}",
                        process, linux_members, top);
}

static int read_document(struct arena *arena, const char *text, struct oci_config *config,
                         struct error *err)
{
    scoped_text struct text copy = {0};

    *err = (struct error){0};
    text_append(&copy, text);
    return oci_config_read(&(struct oci_config_source){&copy, "/bundle", true}, arena, config, err);
}

#define expect_refused(what, where)                                                                \
    do {                                                                                           \
        cr_expect_eq(read_document(arena, (what), &config, &err), -1, "%s", (where));              \
        cr_expect(string_starts_with(err.text, "config.json: " where), "%s", err.text);            \
    } while (0)

Test(oci_config, the_least_that_is_needed_is_enough)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct oci_config config;
    struct error err;

    cr_assert_eq(read_document(arena, document(arena, "", "", ""), &config, &err), 0, "%s",
                 err.text);
    cr_expect_str_eq(config.bundle.root_dir, "/bundle/rootfs");
    cr_expect_eq(config.process.spec.umask, 022);
    cr_expect_eq(config.process.spec.bounding, 0);
    cr_expect(config.container.host_network);
    cr_expect_eq(config.bundle.n_nodes, 6);
}

Test(oci_config, mistakes_are_told_with_their_place)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct oci_config config;
    struct error err;

    expect_refused("[]", "must be an object");
    expect_refused("{}", "ociVersion: is missing");
    expect_refused(document(arena, ",\"env\":[1]", "", ""), "process.env[0]: must be a string");
    expect_refused(document(arena, ",\"user\":{\"uid\":-1}", "", ""), "process.user.uid: ");
    expect_refused(document(arena, "", "", ",\"maskedPaths\":[\"proc\"]"), "linux.maskedPaths: ");
    expect_refused(document(arena, "", ",\"mounts\":[{}]", ""), "mounts[0].destination: ");
    expect_refused(document(arena, "", ",\"hostname\":\"x\"", ""), "hostname: ");
}

Test(oci_config, what_the_specification_wants_left_out_is_told)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct oci_config config;
    struct error err;
    const char *text =
        document(arena, ",\"capabilities\":{\"bounding\":[\"CAP_X\",\"CAP_KILL\"]}", "", "");

    cr_assert_eq(read_document(arena, text, &config, &err), 0, "%s", err.text);
    cr_assert_eq(config.warnings.count, 1);
    cr_expect_str_eq(config.warnings.items[0],
                     "config.json: process.capabilities.bounding: there is no capability 'CAP_X'");
    cr_expect_eq(config.process.spec.bounding, 1 << 5);
}

Test(oci_config, what_is_not_supported_is_refused)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct oci_config config;
    struct error err;

    expect_refused(document(arena, "", "", ",\"mountLabel\":\"x\""), "linux.mountLabel: ");
    expect_refused(document(arena, "", ",\"windows\":{\"a\":1}", ""), "windows: ");
}

Test(oci_config, limits_reach_beyond_the_integers_of_json)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct oci_config config;
    struct error err;
    const char *text = document(arena,
                                ",\"rlimits\":[{\"type\":\"RLIMIT_MEMLOCK\","
                                "\"soft\":1024,\"hard\":18446744073709551615}]",
                                "", "");

    cr_assert_eq(read_document(arena, text, &config, &err), 0, "%s", err.text);
    cr_expect_str_eq(config.process.spec.limits[0].name, "memlock");
    cr_expect_eq(config.process.spec.limits[0].soft, 1024);
    cr_expect_eq(config.process.spec.limits[0].hard, -1);
}

Test(oci_config, mount_options_have_every_spelling)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct oci_config config;
    struct error err;
    const struct mount_spec *mount;

    cr_assert_eq(
        read_document(arena,
                      document(arena, "",
                               ",\"mounts\":[{\"destination\":\"/a/../b\",\"source\":\"s\","
                               "\"options\":[\"rbind\",\"ro\",\"noexec\",\"exec\","
                               "\"rnosuid\",\"noatime\",\"rslave\"]},"
                               "{\"destination\":\"/t\",\"type\":\"tmpfs\","
                               "\"options\":[\"size=1k\",\"nodev\",\"mode=700\"]}]",
                               ""),
                      &config, &err),
        0, "%s", err.text);
    mount = &config.container.mounts[0];
    cr_expect_str_eq(mount->target, "/b");
    cr_expect_str_eq(mount->source, "/bundle/s");
    cr_expect(mount->kind == MOUNT_BIND && mount->recursive);
    cr_expect_eq(mount->set, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOATIME);
    cr_expect_eq(mount->clear, MOUNT_ATTR_NOEXEC | MOUNT_ATTR__ATIME);
    cr_expect_eq(mount->set_recursively, MOUNT_ATTR_NOSUID);
    cr_expect_eq(mount->propagation_flags, MS_SLAVE | MS_REC);
    cr_expect_str_eq(config.container.mounts[1].options, "size=1k,mode=700");
    cr_expect_eq(config.container.mounts[1].set, MOUNT_ATTR_NODEV);
}

Test(oci_config, resources_are_spelled_for_both_versions_of_control_groups)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct oci_config config;
    struct error err;
    const struct resource_spec *resources = &config.container.resources;

    cr_assert_eq(
        read_document(arena,
                      document(arena, "", "",
                               ",\"resources\":{\"memory\":{\"limit\":4096,\"swap\":8192},"
                               "\"cpu\":{\"quota\":-1,\"period\":50000,\"realtimePeriod\":0}}"),
                      &config, &err),
        0, "%s", err.text);
    cr_assert_eq(resources->n_settings, 4);
    cr_expect_str_eq(resources->settings[1].key, "linux.resources.memory.swap");
    cr_expect_str_eq(resources->settings[1].v1_value, "8192");
    cr_expect_str_eq(resources->settings[1].v2_value, "4096");
    cr_expect_str_eq(resources->settings[3].v1_value, "-1");
    cr_expect_str_eq(resources->settings[3].v2_value, "max 50000");
}

Test(oci_config, filters_are_compiled)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct oci_config config;
    struct error err;
    const char *text = document(
        arena, "", "",
        ",\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"flags\":[\"SECCOMP_FILTER_FLAG_LOG\"],"
        "\"syscalls\":[{\"names\":[\"read\",\"no_such_call\"],\"action\":\"SCMP_ACT_ALLOW\","
        "\"args\":[{\"index\":0,\"value\":1,\"op\":\"SCMP_CMP_EQ\"}]}]}");

    cr_assert_eq(read_document(arena, text, &config, &err), 0, "%s", err.text);
    cr_expect_gt(config.process.spec.filter.len, 4);
    cr_expect_eq(config.process.spec.filter_flags, 2);
}

Test(oci_config, a_memory_policy_is_the_kernels_number_and_a_set_of_nodes)
{
    scoped(arena_free) struct arena *arena = arena_new();
    const struct memory_policy_spec *policy;
    struct oci_config config;
    struct error err;

    cr_assert_eq(
        read_document(arena,
                      document(arena, "", "",
                               ",\"memoryPolicy\":{\"mode\":\"MPOL_BIND\",\"nodes\":\"0,2\","
                               "\"flags\":[\"MPOL_F_STATIC_NODES\"]}"),
                      &config, &err),
        0, "%s", err.text);
    policy = config.process.spec.memory_policy;
    cr_assert_not_null(policy);
    cr_expect_eq(policy->mode, 2 | 1 << 15);
    cr_expect_eq(policy->nodes.words[0], 5);
    expect_refused(document(arena, "", "", ",\"memoryPolicy\":{}"), "linux.memoryPolicy.mode: ");
    expect_refused(document(arena, "", "", ",\"memoryPolicy\":{\"mode\":\"MPOL_X\"}"),
                   "linux.memoryPolicy.mode: there is no 'MPOL_X'");
    expect_refused(
        document(arena, "", "", ",\"memoryPolicy\":{\"mode\":\"MPOL_BIND\",\"nodes\":\"x\"}"),
        "linux.memoryPolicy.nodes: ");
    expect_refused(
        document(arena, "", "", ",\"memoryPolicy\":{\"mode\":\"MPOL_BIND\",\"flags\":[\"x\"]}"),
        "linux.memoryPolicy.flags: ");
}

Test(oci_config, processors_of_further_programs_are_two_sets)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct oci_config config;
    struct error err;

    cr_assert_eq(
        read_document(
            arena,
            document(arena, ",\"execCPUAffinity\":{\"initial\":\"0-1\",\"final\":\"\"}", "", ""),
            &config, &err),
        0, "%s", err.text);
    cr_assert_not_null(config.process.exec_cpus_first);
    cr_expect_eq(config.process.exec_cpus_first->words[0], 3);
    cr_expect_null(config.process.exec_cpus_last);
    expect_refused(document(arena, ",\"execCPUAffinity\":{\"final\":\"0-\"}", "", ""),
                   "process.execCPUAffinity.final: ");
}

Test(oci_config, devices_of_the_host_keep_their_names_unless_others_are_given)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct oci_config config;
    struct error err;

    cr_assert_eq(read_document(arena,
                               "{\"ociVersion\":\"1.3.0\",\"root\":{\"path\":\"r\"},"
                               "\"linux\":{\"namespaces\":[{\"type\":\"network\"}],"
                               "\"netDevices\":{\"a\":{},\"b\":{\"name\":\"c\"}}}}",
                               &config, &err),
                 0, "%s", err.text);
    cr_assert_eq(config.n_net_devices, 2);
    cr_expect_str_eq(config.net_devices[0].new_name, "a");
    cr_expect_str_eq(config.net_devices[1].new_name, "c");
    expect_refused(document(arena, "", "", ",\"netDevices\":{\"a\":{}}"), "linux.netDevices: ");
}

Test(oci_config, a_mount_namespace_may_be_joined_or_the_callers)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct oci_config config;
    struct error err;

    cr_assert_eq(read_document(arena,
                               "{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"r\"},\"linux\":{}}",
                               &config, &err),
                 0, "%s", err.text);
    cr_expect_not(bundle_has_namespace(&config.bundle, CLONE_NEWNS));
    cr_assert_eq(read_document(arena,
                               "{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"r\"},\"linux\":{"
                               "\"namespaces\":[{\"type\":\"mount\",\"path\":\"/x\"}]}}",
                               &config, &err),
                 0, "%s", err.text);
    cr_expect_eq(config.bundle.n_joined, 1);
}

Test(oci_config, a_remount_needs_neither_source_nor_type)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct oci_config config;
    struct error err;

    cr_assert_eq(
        read_document(
            arena,
            document(arena, "",
                     ",\"mounts\":[{\"destination\":\"/a\",\"options\":[\"bind\",\"remount\","
                     "\"ro\"]}]",
                     ""),
            &config, &err),
        0, "%s", err.text);
    cr_expect(config.container.mounts[0].remounts);
    cr_expect_eq(config.container.mounts[0].set, MOUNT_ATTR_RDONLY);
    expect_refused(document(arena, "",
                            ",\"mounts\":[{\"destination\":\"/a\",\"options\":[\"remount\",\"idmap="
                            "uids=0-1-1;gids=0-1-1\"]}]",
                            ""),
                   "mounts[0].options: ");
}

static int read_for(struct arena *arena, const char *text, enum oci_console console,
                    struct error *err)
{
    scoped_text struct text copy = {0};
    struct oci_config config;

    *err = (struct error){0};
    text_append(&copy, text);
    return oci_config_read(&(struct oci_config_source){&copy, "/bundle", true, console}, arena,
                           &config, err);
}

Test(oci_config, a_terminal_and_who_takes_it_go_together)
{
    scoped(arena_free) struct arena *arena = arena_new();
    const char *with = document(arena, ",\"terminal\":true", "", "");
    const char *without = document(arena, "", "", "");
    struct error err;

    cr_expect_eq(read_for(arena, with, OCI_CONSOLE_TAKEN, &err), 0, "%s", err.text);
    cr_expect_eq(read_for(arena, without, OCI_CONSOLE_NONE, &err), 0, "%s", err.text);
    cr_expect_eq(read_for(arena, with, OCI_CONSOLE_NONE, &err), -1);
    cr_expect(string_starts_with(err.text, "config.json: process.terminal: use --console-socket"),
              "%s", err.text);
    cr_expect_eq(read_for(arena, without, OCI_CONSOLE_TAKEN, &err), -1);
    cr_expect(string_starts_with(err.text, "config.json: process.terminal: is false"), "%s",
              err.text);
}

Test(oci_config, annotations_name_where_hooks_print)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct oci_config config;
    struct error err;

    cr_assert_eq(read_document(arena,
                               document(arena, "",
                                        ",\"annotations\":{\"run.oci.hooks.stdout\":\"out\","
                                        "\"run.oci.hooks.stderr\":\"/log/err\"}",
                                        ""),
                               &config, &err),
                 0, "%s", err.text);
    cr_expect_str_eq(config.bundle.hooks.output_paths[0], "/bundle/out");
    cr_expect_str_eq(config.bundle.hooks.output_paths[1], "/log/err");
    cr_expect_str_eq(config.bundle.hooks.poststop.kind, "poststop");
}

Test(oci_config, cache_and_bandwidth_are_lines_of_a_class)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct oci_config config;
    struct error err;

    cr_assert_eq(
        read_document(arena,
                      document(arena, "", "",
                               ",\"intelRdt\":{\"closID\":\"web\",\"schemata\":[\"L2:0=1\"],"
                               "\"l3CacheSchema\":\"L3:0=f\\nL3CODE:0=f\","
                               "\"memBwSchema\":\"MB:0=20\",\"enableMBM\":true}"),
                      &config, &err),
        0, "%s", err.text);
    cr_expect_str_eq(config.resctrl->class_name, "web");
    cr_expect_eq(config.resctrl->schemata.count, 4);
    cr_expect_str_eq(config.resctrl->schemata.items[2], "L3CODE:0=f");
    cr_expect(config.resctrl->monitors);
    expect_refused(document(arena, "", "", ",\"intelRdt\":{\"closID\":\"../x\"}"),
                   "linux.intelRdt.closID: ");
}

Test(oci_config, annotations_are_properties_of_the_scope)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct oci_config config;
    struct error err;

    cr_assert_eq(
        read_document(
            arena,
            document(arena, "",
                     ",\"annotations\":{\"org.systemd.property.TimeoutStopUSec\":\"uint64 5\"}",
                     ""),
            &config, &err),
        0, "%s", err.text);
    cr_assert_eq(config.scope.properties.count, 1);
    cr_expect_str_eq(config.scope.properties.items[0], "TimeoutStopSec=5us");
    expect_refused(
        document(arena, "", ",\"annotations\":{\"org.systemd.property.A\":\"('a', 1)\"}", ""),
        "annotations.org.systemd.property.A: ");
}
