/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/sysctls.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/text.h"

static const char *const ipc_names[] = {
    "sys/kernel/msgmax", "sys/kernel/msgmnb", "sys/kernel/msgmni", "sys/kernel/sem",
    "sys/kernel/shmall", "sys/kernel/shmmax", "sys/kernel/shmmni", "sys/kernel/shm_rmid_forced",
};

/* As sysctl(8): the first separator says which one separates; the other belongs to a component (an
 * interface with a dot in its name). */
static char *path_of(struct arena *arena, const char *name, size_t length)
{
    char *path = arena_printf(arena, "sys/%.*s", (int)length, name);
    bool swap = path[4 + strcspn(path + 4, "./")] == '.';

    for (char *at = path + 4; swap && *at; at++)
        if (*at == '.' || *at == '/')
            *at = *at == '.' ? '/' : '.';
    return path;
}

/* An empty component, "." or "..". */
static bool has_odd_component(const char *path)
{
    for (;;) {
        size_t length = strcspn(path, "/");

        if (length == 0 || (length <= 2 && strspn(path, ".") == length))
            return true;
        if (path[length] == '\0')
            return false;
        path += length + 1;
    }
}

static int check(const struct container_spec *spec, const char *path, const char *name,
                 struct error *err)
{
    bool is_ipc = string_starts_with(path, "sys/fs/mqueue/");

    for (size_t i = 0; i < ARRAY_LENGTH(ipc_names); i++)
        is_ipc = is_ipc || string_eq(path, ipc_names[i]);
    if (has_odd_component(path))
        return error_set(err, "sysctls: '%s' is no name of a setting", name);
    if (is_ipc && spec->host_ipc)
        return error_set(err, "sysctls: '%s' would change the host's IPC namespace", name);
    if (string_starts_with(path, "sys/net/")) {
        if (spec->host_network)
            return error_set(err, "sysctls: '%s' would change the host's network namespace", name);
        return 0;
    }
    if (string_eq(path, "sys/kernel/domainname") && !spec->host_uts)
        return 0;
    if (!is_ipc)
        return error_set(err, "sysctls: '%s' belongs to no namespace of the container", name);
    return 0;
}

int sysctls_plan(const struct container_spec *spec, struct arena *arena,
                 struct sysctls *ret_sysctls, struct error *err)
{
    *ret_sysctls =
        (struct sysctls){arena_new_array(arena, struct sysctl, spec->sysctls.count + 1), 0};
    for (size_t i = 0; i < spec->sysctls.count; i++) {
        const char *item = spec->sysctls.items[i];
        size_t length = strcspn(item, "=");
        struct sysctl *sysctl = &ret_sysctls->items[ret_sysctls->count];

        if (item[length] != '=')
            return error_set(err, "sysctls: '%s' has no value", item);
        sysctl->path = path_of(arena, item, length);
        sysctl->value = item + length + 1;
        if (check(spec, sysctl->path, arena_strndup(arena, item, length), err) < 0)
            return -1;
        ret_sysctls->count++;
    }
    return 0;
}

static int write_one(int proc_fd, const char *path, const char *value)
{
    struct open_how how = {
        .flags = O_WRONLY | O_CLOEXEC | O_NOCTTY,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV,
    };
    scoped_fd int fd = (int)syscall(SYS_openat2, proc_fd, path, &how, sizeof(how));

    if (fd < 0)
        return -1;
    return write(fd, value, strlen(value)) < 0 ? -1 : 0;
}

int sysctls_write(const struct sysctls *sysctls, int proc_fd, struct failure *failure)
{
    for (size_t i = 0; i < sysctls->count; i++)
        if (write_one(proc_fd, sysctls->items[i].path, sysctls->items[i].value) < 0)
            return failure_sys(failure, "set sysctl", sysctls->items[i].path + strlen("sys/"));
    return 0;
}

void sysctls_write_defaults(int proc_fd, uint32_t n_ids)
{
    char range[2 + STRING_U64_SIZE] = "0 ";

    string_from_u64(n_ids - 1 < 2147483647U ? n_ids - 1 : 2147483647U, range + 2);
    (void)write_one(proc_fd, "sys/net/ipv4/ip_unprivileged_port_start", "0");
    (void)write_one(proc_fd, "sys/net/ipv4/ping_group_range", range);
}
