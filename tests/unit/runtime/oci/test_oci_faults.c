/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each system call of a bundle's life, create, start and delete with their hooks, is made to fail
 * once; see fault_rounds.h. What failed is deleted as its caller would.
 */
#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/file.h"
#include "common/text.h"
#include "runtime/oci/life.h"
#include "tests/unit/runtime/container_fixture.h"
#include "tests/unit/runtime/fault_rounds.h"

TestSuite(oci_faults, .fini = fixture_sweep, .timeout = 600);

static const char report[] =
    "cut -d' ' -f2-4 /proc/mounts | grep -v ^/sys/fs/cgroup | sort; "
    "grep -E '^(Cap|Seccomp:|NoNewPrivs|Groups|Uid|Gid)' /proc/self/status; "
    "cd /dev; echo *; cd /proc/self/fd; echo *; ls -A /proc/scsi /proc/acpi 2>/dev/null; pwd";

static const char mounts[] =
    "{\"destination\":\"/proc\",\"type\":\"proc\",\"source\":\"proc\"},"
    "{\"destination\":\"/dev\",\"type\":\"tmpfs\",\"source\":\"tmpfs\","
    "\"options\":[\"nosuid\",\"mode=755\"]},"
    "{\"destination\":\"/dev/pts\",\"type\":\"devpts\",\"source\":\"devpts\","
    "\"options\":[\"nosuid\",\"noexec\",\"newinstance\",\"ptmxmode=0666\"]},"
    "{\"destination\":\"/dev/shm\",\"type\":\"tmpfs\",\"source\":\"shm\","
    "\"options\":[\"nosuid\",\"noexec\",\"nodev\"]},"
    "{\"destination\":\"/dev/mqueue\",\"type\":\"mqueue\",\"source\":\"mqueue\"},"
    "{\"destination\":\"/sys\",\"type\":\"sysfs\",\"source\":\"sysfs\",\"options\":[\"ro\"]},"
    "{\"destination\":\"/sys/fs/"
    "cgroup\",\"type\":\"cgroup\",\"source\":\"cgroup\",\"options\":[\"ro\"]}";

static const char capabilities[] =
    "{\"bounding\":[\"CAP_KILL\"],\"effective\":[\"CAP_KILL\"],\"permitted\":[\"CAP_KILL\"]}";

static const char seccomp[] =
    "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":[\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_"
    "AARCH64\"],"
    "\"syscalls\":[{\"names\":[\"keyctl\",\"bpf\"],\"action\":\"SCMP_ACT_ERRNO\"}]}";

static const char hooks[] = "{\"createRuntime\":[{\"path\":\"/bin/true\"}],"
                            "\"createContainer\":[{\"path\":\"/bin/true\"}],"
                            "\"startContainer\":[{\"path\":\"/bin/true\"}],"
                            "\"poststart\":[{\"path\":\"/bin/true\"}],"
                            "\"poststop\":[{\"path\":\"/bin/true\"}]}";

/* A bundle in the fixture's folder; more members of "linux". */
static void write_bundle(struct fixture *fixture, const char *linux_members, bool has_hooks)
{
    const char *text = arena_printf(
        fixture->arena,
        "{\"ociVersion\":\"1.0.2\",\"hostname\":\"box\",\"root\":{\"path\":\"base\"},"
        "\"process\":{\"cwd\":\"/\",\"args\":[\"sh\",\"-c\",\"%s\"],\"env\":[\"PATH=/bin\"],"
        "\"noNewPrivileges\":true,\"capabilities\":%s,"
        "\"rlimits\":[{\"type\":\"RLIMIT_NOFILE\",\"soft\":100,\"hard\":100}]},"
        "\"mounts\":[%s],%s%s%s\"linux\":{\"cgroupsPath\":\"/%s/box\",\"seccomp\":%s,"
        "\"maskedPaths\":[\"/proc/scsi\",\"/proc/acpi\",\"/proc/keys\"],"
        "\"readonlyPaths\":[\"/proc/bus\",\"/proc/sys\"],"
        "\"resources\":{\"pids\":{\"limit\":50},\"devices\":[{\"allow\":false,\"access\":\"rwm\"}]"
        "},"
        "\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"network\"},{\"type\":\"ipc\"},{\"type\":"
        "\"uts\"},{\"type\":\"cgroup\"},{\"type\":\"mount\"}%s]}}",
        report, capabilities, mounts, has_hooks ? "\"hooks\":" : "", has_hooks ? hooks : "",
        has_hooks ? "," : "", fixture->group, seccomp, linux_members);

    fixture_write(fixture, "config.json", text, 0644);
}

static size_t count_entries(const char *path)
{
    DIR *dir = opendir(path);
    size_t count = 0;

    while (dir && readdir(dir))
        count++;
    if (dir)
        (void)closedir(dir);
    return count;
}

static bool has_mounts(const struct fixture *fixture)
{
    scoped_text struct text text = {0};

    (void)!file_read(AT_FDCWD, "/proc/self/mountinfo", 1 << 20, &text, NULL, NULL);
    return strstr(text_get(&text), fixture->dir) != NULL;
}

/* Processes that have ended wait for nobody but us, whom every creator's end would free of them. */
static bool has_processes(void)
{
    pid_t pid;

    do {
        pid = waitpid(-1, NULL, WNOHANG | __WALL);
    } while (pid > 0);
    return pid == 0;
}

static void find_leaks(const struct fixture *fixture, const char *root, size_t n_fds,
                       struct fault_outcome *outcome)
{
    struct cgroup *group = NULL;
    char parent[40];
    bool has_group;

    (void)snprintf(parent, sizeof(parent), "/%s", fixture->group);
    has_group = cgroup_open(parent, "box", &group, NULL) == 0 && group;
    cgroup_free(group);
    (void)snprintf(outcome->leaks, sizeof(outcome->leaks), "%s%s%s%s%s",
                   has_processes() ? " process" : "",
                   count_entries("/proc/self/fd") != n_fds ? " descriptor" : "",
                   has_mounts(fixture) ? " mount" : "", has_group ? " control group" : "",
                   count_entries(root) > 2 ? " folder" : "");
}

/* Each command is a call of its own, as it is for who uses the program. */
static int create(struct oci_call *call, struct fixture *fixture)
{
    const struct oci_creation creation = {
        .id = "box", .bundle = fixture->dir, .config = "config.json"};
    struct oci_container container;
    int result = life_create(call, &creation, &container, &fixture->err);

    oci_container_close(&container);
    return result;
}

static int start_and_wait(struct oci_call *call, struct fixture *fixture)
{
    struct oci_container container;
    int result = oci_container_open(call, "box", OCI_LOCKED, &container, &fixture->err);

    if (result == 0)
        result = life_start(call, &container, &fixture->err);
    if (result == 0)
        (void)waitpid(container.record.pid, NULL, __WALL);
    oci_container_close(&container);
    return result;
}

static int delete (struct oci_call *call, struct error *err)
{
    struct oci_container container;
    int result = oci_container_open(call, "box", OCI_LOCKED, &container, err);

    if (result == 0)
        result = life_delete(call, &container, err);
    oci_container_close(&container);
    return result;
}

static void keep_output(struct fixture *fixture, struct fault_outcome *outcome)
{
    scoped_text struct text output = {0};

    (void)!file_read(AT_FDCWD, fixture_path(fixture, "out"), sizeof(outcome->output) - 1, &output,
                     NULL, NULL);
    (void)snprintf(outcome->output, sizeof(outcome->output), "%s", text_get(&output));
    (void)!truncate(fixture_path(fixture, "out"), 0);
}

/* The container's standard output is its creator's. */
static void redirect(struct fixture *fixture)
{
    scoped_fd int out_fd = open(fixture_path(fixture, "out"), O_WRONLY | O_APPEND | O_CLOEXEC);
    scoped_fd int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);

    (void)dup2(null_fd, 0);
    (void)dup2(out_fd, 1);
    (void)dup2(null_fd, 2);
}

static void live(void *context, struct fault_outcome *outcome)
{
    struct fixture *fixture = context;
    struct oci_call call = {.arena = fixture->arena, .root = fixture_path(fixture, "oci")};
    size_t n_fds;
    bool was_created;

    redirect(fixture);
    n_fds = count_entries("/proc/self/fd");
    fault_begin(outcome);
    was_created = create(&call, fixture) == 0;
    outcome->succeeded =
        was_created && start_and_wait(&call, fixture) == 0 && delete (&call, &fixture->err) == 0;
    fault_end(outcome, fixture->err.text);
    /* One whose deletion was cut off does not exist any more, and is tidied up. */
    if (was_created && !outcome->succeeded && count_entries(call.root) > 2 &&
        delete (&call, &fixture->err) < 0 && count_entries(call.root) > 2)
        (void)snprintf(outcome->error, sizeof(outcome->error), "%s", fixture->err.text);
    keep_output(fixture, outcome);
    find_leaks(fixture, call.root, n_fds, outcome);
}

static void fail_each(struct fixture *fixture, size_t n_processes)
{
    char parent[40];

    cr_assert_eq(mkdir(fixture_path(fixture, "oci"), 0700), 0);
    fault_rounds(live, fixture, n_processes);
    (void)snprintf(parent, sizeof(parent), "/%s", fixture->group);
    cgroup_remove_parent(parent);
    fixture_close(fixture);
}

Test(oci_faults, of_a_bundles_life_leave_nothing_or_do_no_harm)
{
    struct fixture *fixture = fixture_open();

    write_bundle(fixture, "", false);
    fail_each(fixture, 2);
}

/* The hooks are outside, inside before the start and at it, and outside again. */
Test(oci_faults, of_a_bundle_with_hooks_leave_nothing_or_do_no_harm)
{
    struct fixture *fixture = fixture_open();

    write_bundle(fixture, "", true);
    fail_each(fixture, 7);
}

Test(oci_faults, of_a_bundle_with_a_user_namespace_leave_nothing_or_do_no_harm)
{
    static const char members[] =
        ",{\"type\":\"user\"}],\"uidMappings\":[{\"containerID\":0,\"hostID\":1000000,\"size\":"
        "65536}],\"gidMappings\":[{\"containerID\":0,\"hostID\":1000000,\"size\":65536}";
    struct fixture *fixture = fixture_open();

    write_bundle(fixture, members, false);
    fail_each(fixture, 2);
}
