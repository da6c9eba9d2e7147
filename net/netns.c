/* SPDX-License-Identifier: Apache-2.0 */
#include "net/netns.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/fd.h"

static int own_netns(struct error *err)
{
    int fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return error_sys(err, "open own network namespace");
    return fd;
}

int netns_enter(int netns_fd, struct netns_visit *visit, struct error *err)
{
    scoped_fd int home_fd = own_netns(err);

    if (home_fd < 0)
        return -1;
    if (setns(netns_fd, CLONE_NEWNET) < 0)
        return error_sys(err, "enter network namespace");
    visit->home_fd = steal_fd(&home_fd);
    return 0;
}

void netns_leave(struct netns_visit *visit)
{
    if (visit->home_fd < 0)
        return;
    if (setns(visit->home_fd, CLONE_NEWNET) < 0)
        abort();
    fd_close(steal_fd(&visit->home_fd));
}

int netns_create(int *ret_fd, struct error *err)
{
    scoped_visit struct netns_visit visit = NETNS_HOME;
    scoped_fd int home_fd = own_netns(err);
    int fd;

    if (home_fd < 0)
        return -1;
    if (unshare(CLONE_NEWNET) < 0)
        return error_sys(err, "create network namespace");
    visit.home_fd = steal_fd(&home_fd);
    fd = own_netns(err);
    if (fd < 0)
        return -1;
    *ret_fd = fd;
    return 0;
}

static int setting_write(int dir_fd, const struct netns_setting *setting, struct error *err)
{
    scoped_fd int fd = openat(dir_fd, setting->name, O_WRONLY | O_CLOEXEC);

    if (fd < 0 && errno == ENOENT)
        return 0;
    if (fd < 0)
        return error_sys(err, "open '/proc/sys/net/%s'", setting->name);
    if (write(fd, setting->value, strlen(setting->value)) < 0)
        return error_sys(err, "write '%s' to '/proc/sys/net/%s'", setting->value, setting->name);
    return 0;
}

/* The directory shows the namespace of whoever opens it. */
int netns_set(const struct netns_setting *settings, size_t count, struct error *err)
{
    scoped_fd int dir_fd = open("/proc/sys/net", O_PATH | O_DIRECTORY | O_CLOEXEC);

    if (dir_fd < 0)
        return error_sys(err, "open '/proc/sys/net'");
    for (size_t i = 0; i < count; i++)
        if (setting_write(dir_fd, &settings[i], err) < 0)
            return -1;
    return 0;
}
