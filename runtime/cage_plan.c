/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include "common/fd.h"
#include "common/file.h"
#include "common/own_ids.h"
#include "common/text.h"
#include "runtime/cage.h"
#include "runtime/init_image.h"
#include "runtime/kernel.h"

/* Opened for reading too, so that the container never writes into a pipe without a reader, whoever
 * else dies. */
static int open_output(const char *path, int *ret_fd, struct error *err)
{
    if (!path)
        return 0;
    *ret_fd = open(path, O_RDWR | O_CLOEXEC | O_NOCTTY | O_APPEND);
    if (*ret_fd < 0)
        return error_sys(err, "open '%s'", path);
    return 0;
}

/* Nobody may be there to write: then it is at its end. */
static int open_input(const char *path, int *ret_fd, struct error *err)
{
    if (!path)
        return 0;
    *ret_fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    if (*ret_fd < 0 || fcntl(*ret_fd, F_SETFL, 0) < 0)
        return error_sys(err, "open '%s'", path);
    return 0;
}

static int open_shared(const char *path, int *ret_fd, struct error *err)
{
    *ret_fd = open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
    if (*ret_fd < 0 && errno != ENOENT)
        return error_sys(err, "open '%s'", path);
    return 0;
}

/* What language runtimes size themselves by. */
static bool is_wanted(const char *controllers)
{
    static const char *const wanted[] = {"memory", "cpu", "cpuset", "pids"};

    for (size_t i = 0; i < ARRAY_LENGTH(wanted); i++)
        if (strstr(controllers, wanted[i]))
            return true;
    return false;
}

/* Finds the v1 hierarchies: lines "4:memory:/path" of /proc/self/cgroup. */
static int plan_cgroups(struct arena *arena, struct cgroup_view *view, struct error *err)
{
    enum { MAX_BYTES = 64 * 1024 };
    scoped_text struct text lines = {0};
    struct statfs status;
    char *rest, *line;

    view->is_v2 = statfs("/sys/fs/cgroup", &status) == 0 && status.f_type == CGROUP2_SUPER_MAGIC;
    if (view->is_v2)
        return 0;
    if (file_read(AT_FDCWD, "/proc/self/cgroup", MAX_BYTES, &lines, NULL, err) < 0)
        return -1;
    rest = lines.data;
    while ((line = strsep(&rest, "\n")) && view->n_controllers < CAGE_MAX_CONTROLLERS) {
        const char *names;

        (void)strsep(&line, ":");
        names = line ? strsep(&line, ":") : NULL;
        if (names && !strchr(names, '=') && is_wanted(names))
            view->controllers[view->n_controllers++] = arena_strdup(arena, names);
    }
    return 0;
}

static int check(const struct container_spec *spec, struct error *err)
{
    if (spec->hostname && strlen(spec->hostname) > 64)
        return error_set(err, "host name '%s' is longer than 64 characters", spec->hostname);
    if (spec->id_map.count > 0 && (spec->host_network || spec->host_pid || spec->host_ipc))
        return error_set(err, "a user namespace cannot own a namespace of the host");
    return 0;
}

int cage_plan(const struct container_spec *spec, struct arena *arena, struct cage *cage,
              struct error *err)
{
    bool first = own_ids_are_all();

    cage->spec = spec;
    cage->channel_fd = cage->input_fd = cage->output_fds[0] = cage->output_fds[1] = -1;
    cage->shm_fd = cage->mqueue_fd = -1;
    cage->program.init_fd = -1;
    /* First, because it also empties the list that cage_close() walks. Nodes are made only where
     * devices are ours to give. */
    if (host_devices_open(spec->id_map.count > 0 || !first, spec->privileged && first, arena,
                          &cage->devices, err) < 0 ||
        check(spec, err) < 0 || program_plan(spec, arena, &cage->program, err) < 0)
        return -1;
    cage->program.tty = spec->tty;
    if (spec->init && init_image_open(&cage->program.init_fd, err) < 0)
        return -1;
    if (mount_plan_open(spec, arena, &cage->mounts, err) < 0 ||
        sysctls_plan(spec, arena, &cage->sysctls, err) < 0 ||
        plan_cgroups(arena, &cage->cgroups, err) < 0)
        return -1;
    if (spec->host_ipc && (open_shared("/dev/shm", &cage->shm_fd, err) < 0 ||
                           open_shared("/dev/mqueue", &cage->mqueue_fd, err) < 0))
        return -1;
    if (spec->tty)
        return 0;
    if (open_input(spec->stdin_path, &cage->input_fd, err) < 0 ||
        open_output(spec->stdout_path, &cage->output_fds[0], err) < 0 ||
        open_output(spec->stderr_path, &cage->output_fds[1], err) < 0)
        return -1;
    return 0;
}

void cage_close(struct cage *cage)
{
    mount_plan_close(&cage->mounts);
    host_devices_close(&cage->devices);
    fd_close(cage->program.init_fd);
    fd_close(cage->input_fd);
    fd_close(cage->output_fds[0]);
    fd_close(cage->output_fds[1]);
    fd_close(cage->shm_fd);
    fd_close(cage->mqueue_fd);
    fd_close(cage->channel_fd);
}
