/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long a container takes to start, beside `crun run` on the same root file system.
 *
 *     bench_start [ROUNDS]
 *
 * Ours is measured twice: until execve, and until the program (`true`) has ended and is reaped,
 * which is what a run of crun can be compared with. crun gets a directory for its root where ours
 * mounts an overlay, and no system call filter where ours loads one: both in its favour. It does
 * not work where control groups are in v1 and v2 at once, so it sees a cgroup v2 tree of its own.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/file.h"
#include "common/path.h"
#include "common/text.h"
#include "runtime/cgroup/cgroup.h"
#include "runtime/container.h"

enum { DEFAULT_ROUNDS = 60, MAX_ROUNDS = 10000, WARM_UP_ROUNDS = 3 };

extern char **environ;

struct bench {
    struct arena *arena;
    char dir[64];
    char group[64];
    size_t rounds;
    double *samples; /* µs */
    struct container_spec spec;
};

static const char crun_config[] =
    "{\"ociVersion\":\"1.0.0\",\"process\":{\"terminal\":false,\"user\":{\"uid\":0,\"gid\":0},"
    "\"args\":[\"/bin/true\"],\"env\":[\"PATH=/bin\"],\"cwd\":\"/\",\"capabilities\":{"
    "\"bounding\":[\"CAP_CHOWN\",\"CAP_KILL\"],\"effective\":[\"CAP_CHOWN\",\"CAP_KILL\"],"
    "\"permitted\":[\"CAP_CHOWN\",\"CAP_KILL\"]}},\"root\":{\"path\":\"../base\"},"
    "\"hostname\":\"box\",\"mounts\":["
    "{\"destination\":\"/proc\",\"type\":\"proc\",\"source\":\"proc\"},"
    "{\"destination\":\"/dev\",\"type\":\"tmpfs\",\"source\":\"tmpfs\",\"options\":[\"nosuid\","
    "\"mode=755\",\"size=65536k\"]},"
    "{\"destination\":\"/dev/pts\",\"type\":\"devpts\",\"source\":\"devpts\",\"options\":[\"nosuid\","
    "\"noexec\",\"newinstance\",\"ptmxmode=0666\",\"mode=0620\",\"gid=5\"]},"
    "{\"destination\":\"/dev/shm\",\"type\":\"tmpfs\",\"source\":\"shm\",\"options\":[\"nosuid\","
    "\"noexec\",\"nodev\",\"mode=1777\",\"size=65536k\"]},"
    "{\"destination\":\"/dev/mqueue\",\"type\":\"mqueue\",\"source\":\"mqueue\",\"options\":["
    "\"nosuid\",\"noexec\",\"nodev\"]},"
    "{\"destination\":\"/sys\",\"type\":\"sysfs\",\"source\":\"sysfs\",\"options\":[\"nosuid\","
    "\"noexec\",\"nodev\",\"ro\"]},"
    "{\"destination\":\"/sys/fs/cgroup\",\"type\":\"cgroup\",\"source\":\"cgroup\",\"options\":["
    "\"nosuid\",\"noexec\",\"nodev\",\"ro\"]}],"
    "\"linux\":{\"resources\":{},\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"network\"},"
    "{\"type\":\"ipc\"},{\"type\":\"uts\"},{\"type\":\"mount\"},{\"type\":\"cgroup\"}],"
    "\"maskedPaths\":[\"/proc/acpi\",\"/proc/kcore\",\"/proc/keys\",\"/proc/latency_stats\","
    "\"/proc/timer_list\",\"/proc/sched_debug\",\"/sys/firmware\",\"/proc/scsi\"],"
    "\"readonlyPaths\":[\"/proc/bus\",\"/proc/fs\",\"/proc/irq\",\"/proc/sys\","
    "\"/proc/sysrq-trigger\"]}}\n";

static _Noreturn void give_up(const char *text)
{
    (void)fprintf(stderr, "bench_start: %s\n", text);
    exit(1);
}

static double now_us(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

/*
 * Samples
 */

static int compare(const void *a, const void *b)
{
    const double *left = a, *right = b;

    return (*left > *right) - (*left < *right);
}

struct result {
    double min_ms, median_ms;
};

static struct result report(struct bench *bench, const char *what)
{
    struct result result;

    qsort(bench->samples, bench->rounds, sizeof(*bench->samples), compare);
    result.min_ms = bench->samples[0] / 1000;
    result.median_ms = bench->samples[bench->rounds / 2] / 1000;
    (void)printf("%-44s min %7.3f ms   median %7.3f ms\n", what, result.min_ms, result.median_ms);
    return result;
}

/*
 * Ours
 */

static void wait_for_report(struct container *container)
{
    struct pollfd poller = {.fd = container_report_fd(container), .events = POLLIN};
    enum container_report report;
    struct error err;
    int exit_code;

    do {
        (void)poll(&poller, 1, -1);
        report = container_report_read(container, &exit_code, &err);
    } while (report == REPORT_PENDING);
    if (report == REPORT_FAILED)
        give_up(err.text);
}

/* What is left of a group that is about to end goes after a moment. */
static void clean_up(struct bench *bench)
{
    struct timespec pause = {.tv_nsec = 100 * 1000};
    struct error err;

    while (container_cleanup(bench->group, bench->spec.id, &err) < 0) {
        if (err.number != EBUSY)
            give_up(err.text);
        (void)nanosleep(&pause, NULL);
    }
}

static double start_once(struct bench *bench, bool until_end)
{
    struct container *container;
    struct error err;
    double begin = now_us(), end;

    if (container_create(&bench->spec, NULL, &container, &err) < 0 ||
        container_start(container, &err) < 0)
        give_up(err.text);
    wait_for_report(container);
    end = now_us();
    (void)waitpid(container_pid(container), NULL, 0);
    if (until_end)
        end = now_us();
    container_free(container);
    clean_up(bench);
    return end - begin;
}

static struct result measure_start(struct bench *bench, bool until_end, const char *what)
{
    for (size_t i = 0; i < WARM_UP_ROUNDS; i++)
        (void)start_once(bench, until_end);
    for (size_t i = 0; i < bench->rounds; i++)
        bench->samples[i] = start_once(bench, until_end);
    return report(bench, what);
}

static void measure_exec(struct bench *bench)
{
    const char *sleep_args[] = {"sleep", "1000"}, *true_args[] = {"true"};
    struct exec_spec exec = {
        .args = {true_args, 1}, .env = bench->spec.env, .stdio_fds = {0, 1, 2}};
    struct string_list args = bench->spec.args;
    struct container *container;
    struct error err;

    bench->spec.args = (struct string_list){sleep_args, 2};
    if (container_create(&bench->spec, NULL, &container, &err) < 0 ||
        container_start(container, &err) < 0)
        give_up(err.text);
    wait_for_report(container);
    for (size_t i = 0; i < bench->rounds; i++) {
        struct exec_result result;
        double begin = now_us();

        if (container_execute(container, &bench->spec, &exec, &result, &err) < 0)
            give_up(err.text);
        bench->samples[i] = now_us() - begin;
        (void)waitpid(result.pid, NULL, 0);
        fd_close(result.pidfd);
    }
    (void)report(bench, "exec to execve");
    if (container_kill(container, &err) < 0)
        give_up(err.text);
    (void)waitpid(container_pid(container), NULL, 0);
    container_free(container);
    clean_up(bench);
    bench->spec.args = args;
}

/*
 * crun
 */

static double crun_once(const char *id)
{
    char command[] = "crun", run[] = "run", name[64];
    char *argv[] = {command, run, name, NULL};
    double begin = now_us();
    int status;
    pid_t pid;

    (void)snprintf(name, sizeof(name), "%s", id);
    if (posix_spawnp(&pid, command, NULL, NULL, argv, environ) != 0 ||
        waitpid(pid, &status, 0) != pid || status != 0)
        return -1;
    return now_us() - begin;
}

/* In a mount namespace of its own. */
static int crun_all(struct bench *bench, int write_fd)
{
    char id[64];

    (void)snprintf(id, sizeof(id), "yawl-bench-%d", (int)getpid());
    if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount("cgroup2", "/sys/fs/cgroup", "cgroup2", 0, NULL) < 0 ||
        chdir(arena_printf(bench->arena, "%s/bundle", bench->dir)) < 0)
        return 1;
    for (size_t i = 0; i < bench->rounds + WARM_UP_ROUNDS; i++) {
        double sample = crun_once(id);

        if (sample < 0)
            return 1;
        if (i >= WARM_UP_ROUNDS)
            bench->samples[i - WARM_UP_ROUNDS] = sample;
    }
    return fd_write_all(write_fd, bench->samples, bench->rounds * sizeof(*bench->samples)) < 0;
}

/* False when there is no crun, or it does not work here. */
static bool measure_crun(struct bench *bench)
{
    scoped_text struct text bytes = {0};
    struct error err;
    int fds[2], status;
    bool is_complete;
    pid_t pid;

    if (pipe2(fds, O_CLOEXEC) < 0 || (pid = fork()) < 0)
        give_up("cannot fork");
    if (pid == 0)
        _exit(crun_all(bench, fds[1]));
    fd_close(fds[1]);
    is_complete = fd_read_all(fds[0], SIZE_MAX / 4, &bytes, &err) == 0 &&
                  bytes.length == bench->rounds * sizeof(*bench->samples);
    fd_close(fds[0]);
    if (waitpid(pid, &status, 0) != pid || status != 0 || !is_complete)
        return false;
    memcpy(bench->samples, bytes.data, bytes.length);
    return true;
}

/*
 * The image
 */

static void copy_program(struct bench *bench, const char *source, const char *target)
{
    scoped_text struct text bytes = {0};
    struct error err;

    if (file_read(AT_FDCWD, source, 64 << 20, &bytes, NULL, &err) < 0 ||
        file_replace(AT_FDCWD, arena_printf(bench->arena, "%s/%s", bench->dir, target), bytes.data,
                     bytes.length, 0755, &err) < 0)
        give_up(err.text);
}

static void make_image(struct bench *bench)
{
    static const char *const dirs[] = {"base/bin",  "base/proc", "base/sys", "base/dev",
                                       "layer/etc", "upper",     "bundle"};
    static const char *const programs[] = {"true", "sleep"};
    const char *config = arena_printf(bench->arena, "%s/bundle/config.json", bench->dir);
    struct error err;

    for (size_t i = 0; i < ARRAY_LENGTH(dirs); i++)
        if (path_make_dirs(AT_FDCWD, arena_printf(bench->arena, "%s/%s", bench->dir, dirs[i]), 0755,
                           &err) < 0)
            give_up(err.text);
    copy_program(bench, "/bin/busybox", "base/bin/busybox");
    for (size_t i = 0; i < ARRAY_LENGTH(programs); i++)
        if (symlink("busybox",
                    arena_printf(bench->arena, "%s/base/bin/%s", bench->dir, programs[i])) < 0)
            give_up("cannot make links to busybox");
    if (file_replace(AT_FDCWD, config, crun_config, strlen(crun_config), 0644, &err) < 0)
        give_up(err.text);
}

static void make_spec(struct bench *bench)
{
    struct container_spec *spec = &bench->spec;

    *spec = (struct container_spec){
        .id = "box",
        .hostname = "box",
        .cgroup_parent = bench->group,
        .upper_dir = arena_printf(bench->arena, "%s/upper", bench->dir),
        .id_map = {1000000, 65536},
    };
    string_list_add(bench->arena, &spec->args, "/bin/true");
    string_list_add(bench->arena, &spec->env, "PATH=/bin");
    string_list_add(bench->arena, &spec->layers, arena_printf(bench->arena, "%s/base", bench->dir));
    string_list_add(bench->arena, &spec->layers,
                    arena_printf(bench->arena, "%s/layer", bench->dir));
}

static void run(struct bench *bench)
{
    struct result ours, plain;

    (void)measure_start(bench, false, "start to execve, user namespace");
    bench->spec.read_only = true;
    (void)measure_start(bench, false, "start to execve, user namespace, read-only");
    bench->spec.read_only = false;
    measure_exec(bench);
    ours = measure_start(bench, true, "start to end, user namespace");
    bench->spec.id_map.count = 0;
    (void)measure_start(bench, false, "start to execve, without user namespace");
    plain = measure_start(bench, true, "start to end, without user namespace");
    if (!measure_crun(bench)) {
        (void)printf("crun: not there, or it does not work here\n");
        return;
    }
    {
        struct result crun = report(bench, "crun run (no user namespace, no filter)");

        (void)printf("crun takes %.1f times as long as ours without a user namespace (min), %.1f "
                     "(median);\n%.1f and %.1f times as long as ours with one\n",
                     crun.min_ms / plain.min_ms, crun.median_ms / plain.median_ms,
                     crun.min_ms / ours.min_ms, crun.median_ms / ours.median_ms);
    }
}

int main(int argc, char **argv)
{
    unsigned long long rounds = DEFAULT_ROUNDS;
    struct bench bench = {.arena = arena_new()};
    struct error err;

    if (geteuid() != 0 || access("/bin/busybox", R_OK) < 0) {
        (void)printf("skipped: only root can do this, and with a static /bin/busybox\n");
        arena_free(bench.arena);
        return 77;
    }
    if (argc > 1 && (!string_to_u64(argv[1], MAX_ROUNDS, &rounds) || rounds == 0))
        give_up("the number of rounds is wrong");
    bench.rounds = (size_t)rounds;
    bench.samples = arena_new_array(bench.arena, double, bench.rounds);
    (void)prctl(PR_SET_CHILD_SUBREAPER, 1);
    (void)umask(022);
    (void)snprintf(bench.dir, sizeof(bench.dir), "/tmp/yawl-bench-%d", (int)getpid());
    (void)snprintf(bench.group, sizeof(bench.group), "yawl/bench-%d", (int)getpid());
    make_image(&bench);
    make_spec(&bench);
    run(&bench);
    cgroup_remove_parent(bench.group);
    if (path_remove_tree(AT_FDCWD, bench.dir, &err) < 0)
        give_up(err.text);
    arena_free(bench.arena);
    return 0;
}
