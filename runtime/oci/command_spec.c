/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/json.h"
#include "runtime/oci/call.h"
#include "runtime/oci/config.h"

/* The container that runc's and crun's begin with: a shell in the folder "rootfs". */
static const char first_config[] =
    "{\n"
    "  \"ociVersion\": \"" OCI_VERSION "\",\n"
    "  \"process\": {\n"
    "    \"terminal\": true,\n"
    "    \"user\": {\"uid\": 0, \"gid\": 0},\n"
    "    \"args\": [\"sh\"],\n"
    "    \"env\": [\"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\", "
    "\"TERM=xterm\"],\n"
    "    \"cwd\": \"/\",\n"
    "    \"capabilities\": {\n"
    "      \"bounding\": [\"CAP_AUDIT_WRITE\", \"CAP_KILL\", \"CAP_NET_BIND_SERVICE\"],\n"
    "      \"effective\": [\"CAP_AUDIT_WRITE\", \"CAP_KILL\", \"CAP_NET_BIND_SERVICE\"],\n"
    "      \"permitted\": [\"CAP_AUDIT_WRITE\", \"CAP_KILL\", \"CAP_NET_BIND_SERVICE\"]\n"
    "    },\n"
    "    \"rlimits\": [{\"type\": \"RLIMIT_NOFILE\", \"hard\": 1024, \"soft\": 1024}],\n"
    "    \"noNewPrivileges\": true\n"
    "  },\n"
    "  \"root\": {\"path\": \"rootfs\", \"readonly\": true},\n"
    "  \"hostname\": \"yawl\",\n"
    "  \"mounts\": [\n"
    "    {\"destination\": \"/proc\", \"type\": \"proc\", \"source\": \"proc\"},\n"
    "    {\"destination\": \"/dev\", \"type\": \"tmpfs\", \"source\": \"tmpfs\",\n"
    "     \"options\": [\"nosuid\", \"strictatime\", \"mode=755\", \"size=65536k\"]},\n"
    "    {\"destination\": \"/dev/pts\", \"type\": \"devpts\", \"source\": \"devpts\",\n"
    "     \"options\": [\"nosuid\", \"noexec\", \"newinstance\", \"ptmxmode=0666\", \"mode=0620\"]},\n"
    "    {\"destination\": \"/dev/shm\", \"type\": \"tmpfs\", \"source\": \"shm\",\n"
    "     \"options\": [\"nosuid\", \"noexec\", \"nodev\", \"mode=1777\", \"size=65536k\"]},\n"
    "    {\"destination\": \"/dev/mqueue\", \"type\": \"mqueue\", \"source\": \"mqueue\",\n"
    "     \"options\": [\"nosuid\", \"noexec\", \"nodev\"]},\n"
    "    {\"destination\": \"/sys\", \"type\": \"sysfs\", \"source\": \"sysfs\",\n"
    "     \"options\": [\"nosuid\", \"noexec\", \"nodev\", \"ro\"]},\n"
    "    {\"destination\": \"/sys/fs/cgroup\", \"type\": \"cgroup\", \"source\": \"cgroup\",\n"
    "     \"options\": [\"nosuid\", \"noexec\", \"nodev\", \"relatime\", \"ro\"]}\n"
    "  ],\n"
    "  \"linux\": {\n"
    "    \"resources\": {\"devices\": [{\"allow\": false, \"access\": \"rwm\"}]},\n"
    "    \"namespaces\": [{\"type\": \"pid\"}, {\"type\": \"network\"}, {\"type\": \"ipc\"},\n"
    "                   {\"type\": \"uts\"}, {\"type\": \"cgroup\"}, {\"type\": \"mount\"}],\n"
    "    \"maskedPaths\": [\"/proc/acpi\", \"/proc/asound\", \"/proc/interrupts\", \"/proc/kcore\", "
    "\"/proc/keys\",\n"
    "                    \"/proc/latency_stats\", \"/proc/sched_debug\", \"/proc/scsi\", "
    "\"/proc/timer_list\",\n"
    "                    \"/proc/timer_stats\", \"/sys/devices/virtual/powercap\", "
    "\"/sys/firmware\"],\n"
    "    \"readonlyPaths\": [\"/proc/bus\", \"/proc/fs\", \"/proc/irq\", \"/proc/sys\", "
    "\"/proc/sysrq-trigger\"]\n"
    "  }\n"
    "}\n";

/* For who is nobody special: root inside is the caller. */
static json_t *rootless_config(void)
{
    json_t *config = json_loads(first_config, 0, NULL);
    json_t *linux_json = json_object_get(config, "linux");
    json_t *namespaces = json_object_get(linux_json, "namespaces");

    if (!linux_json)
        abort();
    (void)json_array_append_new(namespaces, json_pack("{s:s}", "type", "user"));
    (void)json_object_set_new(
        linux_json, "uidMappings",
        json_pack("[{s:i,s:I,s:i}]", "containerID", 0, "hostID", (json_int_t)geteuid(), "size", 1));
    (void)json_object_set_new(
        linux_json, "gidMappings",
        json_pack("[{s:i,s:I,s:i}]", "containerID", 0, "hostID", (json_int_t)getegid(), "size", 1));
    (void)json_object_del(linux_json, "resources");
    return config;
}

static int write_config(int fd, bool rootless)
{
    scoped(json_release) json_t *config = NULL;

    if (!rootless)
        return fd_write_all(fd, first_config, sizeof(first_config) - 1);
    config = rootless_config();
    return json_dumpfd(config, fd, JSON_INDENT(2));
}

int command_spec(struct oci_call *call, struct error *err)
{
    const char *bundle = ".";
    bool rootless = false;
    const struct option_row rows[] = {
        {'b', "bundle", OPTION_STRING, &bundle, "DIR", "where to write it"},
        {0, "rootless", OPTION_FLAG, &rootless, NULL,
         "for an ordinary user: with a user namespace"},
        {0},
    };
    const struct oci_usage usage = {"spec [OPTIONS]", rows, 0, false};
    struct string_list operands = {0};
    scoped_fd int dir_fd = -1, fd = -1;
    int result = call_options(call, &usage, &operands, err);

    if (result != 0)
        return result < 0 ? -1 : 0;
    dir_fd = open(bundle, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (dir_fd < 0)
        return error_sys(err, "spec: open '%s'", bundle);
    fd = openat(dir_fd, "config.json", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0 && errno == EEXIST)
        return error_set(err, "spec: 'config.json' exists already: remove it first");
    if (fd < 0 || write_config(fd, rootless) < 0)
        return error_sys(err, "spec: write 'config.json'");
    return 0;
}
