/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "common/json.h"
#include "runtime/capabilities.h"
#include "runtime/oci/call.h"
#include "runtime/oci/config.h"
#include "runtime/oci/seccomp_profile.h"

static json_t *list_of(const char *const *words, size_t count)
{
    json_t *list = json_array();

    for (size_t i = 0; i < count; i++)
        (void)json_array_append_new(list, json_string(words[i]));
    return list;
}

static json_t *capability_list(void)
{
    json_t *list = json_array();

    for (size_t i = 0; capabilities_name(i); i++)
        (void)json_array_append_new(list, json_sprintf("CAP_%s", capabilities_name(i)));
    return list;
}

/* As features-linux.md of the specification has it. */
static json_t *linux_features(void)
{
    static const char *const namespaces[] = {"cgroup", "ipc",  "mount", "network",
                                             "pid",    "time", "user",  "uts"};

    return json_pack("{s:o,s:o,s:{s:b,s:b,s:b,s:b,s:b},s:o,s:{s:b},s:{s:b},s:{s:b,s:b,s:b},s:o,"
                     "s:{s:{s:b}},s:{s:b}}",
                     "namespaces", list_of(namespaces, ARRAY_LENGTH(namespaces)), "capabilities",
                     capability_list(), "cgroup", "v1", 1, "v2", 1, "systemd", 1, "systemdUser", 1,
                     "rdma", 1, "seccomp", seccomp_profile_features(), "apparmor", "enabled", 1,
                     "selinux", "enabled", 1, "intelRdt", "enabled", 1, "schemata", 1, "monitoring",
                     1, "memoryPolicy", oci_memory_policy_features(), "mountExtensions", "idmap",
                     "enabled", 1, "netDevices", "enabled", 1);
}

int command_features(struct oci_call *call, struct error *err)
{
    static const char *const hooks[] = {"prestart",       "createRuntime", "createContainer",
                                        "startContainer", "poststart",     "poststop"};
    /* Those that change what is done; a '.' at the end stands for whatever follows. */
    static const char *const annotations[] = {OCI_ANNOTATION_PIDFD, OCI_ANNOTATION_HOOKS_STDOUT,
                                              OCI_ANNOTATION_HOOKS_STDERR,
                                              OCI_ANNOTATION_SYSTEMD_PROPERTY};
    const struct option_row rows[] = {{0}};
    const struct oci_usage usage = {"features", rows, 0, false};
    struct string_list operands = {0};
    scoped(json_release) json_t *json = NULL;
    int result = call_options(call, &usage, &operands, err);

    if (result != 0)
        return result < 0 ? -1 : 0;
    json = json_pack("{s:s,s:s,s:o,s:o,s:o,s:o}", "ociVersionMin", OCI_VERSION_MIN, "ociVersionMax",
                     OCI_VERSION, "hooks", list_of(hooks, ARRAY_LENGTH(hooks)), "mountOptions",
                     oci_mount_options(), "linux", linux_features(),
                     "potentiallyUnsafeConfigAnnotations",
                     list_of(annotations, ARRAY_LENGTH(annotations)));
    if (!json)
        return error_set(err, "features: not enough memory");
    (void)json_dumpf(json, stdout, JSON_INDENT(2));
    (void)printf("\n");
    return 0;
}
