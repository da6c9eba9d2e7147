/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/volume_mount.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/own_ids.h"
#include "runtime/filesystem.h"
#include "runtime/mount_plan.h"

/* The directory that it is mounted on, as it is without it or with it. */
static int data_open(int volumes_fd, const char *name)
{
    scoped_text struct text path = {0};

    text_appendf(&path, "%s/_data", name);
    return openat(volumes_fd, text_get(&path), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Without a word to another machine, which may be gone. */
static bool is_mounted(int data_fd)
{
    struct statx status;

    return statx(data_fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, 0, &status) == 0 &&
           status.stx_attributes & STATX_ATTR_MOUNT_ROOT;
}

/*
 * Options
 */

/* The kernel takes addresses only. */
static int resolve(struct arena *arena, const char *host, const char **ret_address,
                   struct error *err)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
    char address[INET6_ADDRSTRLEN];
    int number = getaddrinfo(host, NULL, &hints, &found);

    if (number == 0)
        number = getnameinfo(found->ai_addr, found->ai_addrlen, address, sizeof(address), NULL, 0,
                             NI_NUMERICHOST);
    if (found)
        freeaddrinfo(found);
    if (number != 0)
        return error_set(err, "find '%s': %s", host, gai_strerror(number));
    *ret_address = arena_strdup(arena, address);
    return 0;
}

/* Whose "HOST:/PATH" it is; NULL: it does not say. */
static const char *host_of(struct arena *arena, const char *device)
{
    const char *end = strstr(device, ":/");

    if (!end || end == device)
        return NULL;
    if (device[0] == '[' && end[-1] == ']')
        return arena_strndup(arena, device + 1, (size_t)(end - device) - 2);
    return arena_strndup(arena, device, (size_t)(end - device));
}

struct mount_options {
    struct filesystem_option *items; /* ends with a NULL name */
    unsigned attributes;             /* MOUNT_ATTR_... */
};

static int options_read(struct arena *arena, const struct plan_volume *volume,
                        struct mount_options *ret_options, struct error *err)
{
    char *rest = arena_strdup(arena, volume->options ? volume->options : ""), *word;
    struct mount_options options = {
        .items = arena_new_array(arena, struct filesystem_option, strlen(rest) + 4)};
    const char *host =
        string_starts_with(volume->type, "nfs") ? host_of(arena, volume->device) : NULL;
    size_t count = 0;

    options.items[count++] = (struct filesystem_option){"source", volume->device};
    while ((word = strsep(&rest, ","))) {
        const char *name = strsep(&word, "=");

        if (string_eq(name, "addr") && word)
            host = word;
        else if (*name && !string_eq(name, "defaults") &&
                 (word || !mount_flag_take(name, &options.attributes)))
            options.items[count++] = (struct filesystem_option){name, word};
    }
    if (host) {
        options.items[count].name = "addr";
        if (resolve(arena, host, &options.items[count].value, err) < 0)
            return -1;
    }
    *ret_options = options;
    return 0;
}

int volume_mount(int volumes_fd, const struct plan_volume *volume, struct error *err)
{
    scoped(arena_free) struct arena *arena = arena_new();
    scoped_fd int data_fd = data_open(volumes_fd, volume->name);
    scoped_fd int fd = -1;
    struct mount_options options;

    if (data_fd < 0)
        return error_sys(err, "open volume '%s'", volume->name);
    if (is_mounted(data_fd))
        return 0;
    if (!own_ids_are_all())
        return error_set(err, "mount volume '%s': only root can mount a file system of type '%s'",
                         volume->name, volume->type);
    if (options_read(arena, volume, &options, err) < 0)
        return error_wrap(err, "mount volume '%s'", volume->name);
    fd = filesystem_make(volume->type, options.attributes, options.items);
    if (fd < 0 ||
        move_mount(fd, "", data_fd, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
        return error_sys(err, "mount volume '%s': '%s' of type '%s'", volume->name, volume->device,
                         volume->type);
    return 0;
}

int volume_unmount(int volumes_fd, const char *name, struct error *err)
{
    for (;;) {
        scoped_fd int data_fd = data_open(volumes_fd, name);
        char path[64];

        if (data_fd < 0 && errno != ENOENT)
            return error_sys(err, "open volume '%s'", name);
        if (data_fd < 0 || !is_mounted(data_fd))
            return 0;
        (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", data_fd);
        if (umount2(path, MNT_DETACH) < 0)
            return error_sys(err, "unmount volume '%s'", name);
    }
}
