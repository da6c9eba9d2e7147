/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/oci/notify_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/path.h"
#include "runtime/descriptors.h"

#define VARIABLE "NOTIFY_SOCKET"
#define FOLDER "notify"
#define SOCKET_NAME "notify"

/* NULL when there is nobody to tell, or he is not to be reached by a path. */
static const char *callers_socket(void)
{
    const char *path = getenv(VARIABLE);

    return path && *path == '/' ? path : NULL;
}

/*
 * In the container
 */

static void add_mount(struct arena *arena, struct container_spec *spec, const char *source,
                      const char *target)
{
    struct mount_spec *mounts = arena_new_array(arena, struct mount_spec, spec->n_mounts + 1);

    for (size_t i = 0; i < spec->n_mounts; i++)
        mounts[i] = spec->mounts[i];
    mounts[spec->n_mounts++] =
        (struct mount_spec){.kind = MOUNT_BIND, .source = source, .target = target};
    spec->mounts = mounts;
}

/* What the configuration says itself does not count: of two, programs take the first. */
static void set_variable(struct arena *arena, struct string_list *env, const char *target)
{
    struct string_list others = {0};

    for (size_t i = 0; i < env->count; i++)
        if (!string_starts_with(env->items[i], VARIABLE "="))
            string_list_add(arena, &others, env->items[i]);
    string_list_add(arena, &others, arena_printf(arena, VARIABLE "=%s/" SOCKET_NAME, target));
    *env = others;
}

int notify_socket_offer(struct oci_call *call, struct oci_container *container, struct error *err)
{
    struct container_spec *spec = &container->config.container;
    const char *path = callers_socket();
    const char *target;

    if (!path)
        return 0;
    target = path_clean(call->arena, path);
    if (string_eq(target, "/"))
        return error_set(err, VARIABLE ": '%s' is no socket", path);
    if (mkdirat(container->dir_fd, FOLDER, 0755) < 0)
        return error_sys(err, "make '" FOLDER "'");
    add_mount(call->arena, spec,
              arena_printf(call->arena, "%s/%s/" FOLDER, call->root, container->record.id), target);
    set_variable(call->arena, &spec->env, target);
    return 0;
}

/*
 * Listening
 */

int notify_socket_listen(struct oci_container *container, struct error *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    scoped_fd int folder_fd =
        openat(container->dir_fd, FOLDER, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    scoped_fd int fd = -1;

    if (folder_fd < 0 && errno != ENOENT)
        return error_sys(err, "open '" FOLDER "'");
    if (folder_fd < 0 || !callers_socket())
        return 0;
    /* By the folder's descriptor: a path could be longer than an address. */
    (void)snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/" SOCKET_NAME,
                   folder_fd);
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ||
        fchmodat(folder_fd, SOCKET_NAME, 0666, 0) < 0)
        return error_sys(err, "listen at '" FOLDER "/" SOCKET_NAME "'");
    container->notify_fd = steal_fd(&fd);
    return 0;
}

/* Whether one of the lines is "READY=1". */
static bool says_ready(const char *bytes, size_t length)
{
    static const char ready[] = "READY=1";

    while (length > 0) {
        const char *end = memchr(bytes, '\n', length);
        size_t line_length = end ? (size_t)(end - bytes) : length;

        if (line_length == strlen(ready) && memcmp(bytes, ready, line_length) == 0)
            return true;
        line_length += end != NULL;
        bytes += line_length;
        length -= line_length;
    }
    return false;
}

/* Two messages: who only waits for readiness gets that word alone. */
static int tell_caller(pid_t pid, struct error *err)
{
    const char *path = callers_socket();
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    scoped_fd int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    char main_pid[32];

    if (strlen(path) >= sizeof(address.sun_path))
        return error_set(err, VARIABLE ": '%s' is too long for a socket", path);
    memcpy(address.sun_path, path, strlen(path));
    (void)snprintf(main_pid, sizeof(main_pid), "MAINPID=%d", (int)pid);
    for (const char *const *message = (const char *const[]){"READY=1", main_pid, NULL}; *message;
         message++)
        if (sendto(fd, *message, strlen(*message), MSG_NOSIGNAL, (const struct sockaddr *)&address,
                   sizeof(address)) < 0)
            return error_sys(err, "tell '%s' that the container is ready", path);
    return 0;
}

int notify_socket_pass_on(const struct oci_container *container, struct error *err)
{
    enum { MAX_BYTES = 4096 };
    struct pollfd sources[] = {{.fd = container->notify_fd, .events = POLLIN},
                               {.fd = -1, .events = POLLIN}};
    char bytes[MAX_BYTES];

    if (container->notify_fd < 0)
        return 0;
    sources[1].fd = container_pidfd(container->handle);
    for (;;) {
        ssize_t length;

        if (poll(sources, ARRAY_LENGTH(sources), -1) < 0 && errno != EINTR)
            return error_sys(err, "wait until the container is ready");
        length = recv(container->notify_fd, bytes, sizeof(bytes), MSG_DONTWAIT);
        if (length > 0 && says_ready(bytes, (size_t)length))
            return tell_caller(container->record.pid, err);
        if (length < 0 && sources[1].revents)
            return 0;
    }
}

/* It must not keep the terminal, or whatever else the caller waits for the end of. */
static _Noreturn void pass_on_and_end(const struct oci_container *container)
{
    int kept[] = {container->notify_fd, container_pidfd(container->handle)};

    _exit(descriptors_keep(kept, ARRAY_LENGTH(kept), 0) < 0 ||
          notify_socket_pass_on(container, NULL) < 0);
}

int notify_socket_pass_on_aside(const struct oci_container *container, pid_t *ret_pid,
                                struct error *err)
{
    pid_t pid = 0;

    if (container->notify_fd >= 0)
        pid = fork();
    if (pid < 0)
        return error_sys(err, "clone a process for '" VARIABLE "'");
    if (container->notify_fd >= 0 && pid == 0)
        pass_on_and_end(container);
    *ret_pid = pid;
    return 0;
}

void notify_socket_end(pid_t pid)
{
    while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        continue;
}
