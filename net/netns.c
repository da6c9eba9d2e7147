/* SPDX-License-Identifier: Apache-2.0 */
#include "net/netns.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
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

/* Whether the namespace belongs to our user namespace or to one below: into another's nobody is let
 * back. */
static bool is_ours(int home_fd)
{
    scoped_fd int owner_fd = ioctl(home_fd, NS_GET_USERNS);

    return owner_fd >= 0;
}

bool netns_is_ours(void)
{
    scoped_fd int home_fd = own_netns(NULL);

    return home_fd >= 0 && is_ours(home_fd);
}

/* What a thread does in place of its caller, who waits for it. */
struct errand {
    int netns_fd; /* -1: a new one */
    netns_task *task;
    void *owner;
    int result;
    struct error *err;
};

static void *errand_run(void *argument)
{
    struct errand *errand = argument;

    if (errand->netns_fd >= 0 && setns(errand->netns_fd, CLONE_NEWNET) < 0)
        errand->result = error_sys(errand->err, "enter network namespace");
    else if (errand->netns_fd < 0 && unshare(CLONE_NEWNET) < 0)
        errand->result = error_sys(errand->err, "create network namespace");
    else
        errand->result = errand->task(errand->owner, errand->err);
    return NULL;
}

/* With all signals blocked, so that none is ever handled in the wrong thread. */
static int errand_send(struct errand *errand)
{
    sigset_t all, old;
    pthread_t thread;
    int number;

    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &old);
    number = pthread_create(&thread, NULL, errand_run, errand);
    if (number == 0)
        number = pthread_join(thread, NULL);
    (void)pthread_sigmask(SIG_SETMASK, &old, NULL);
    errno = number;
    return number ? error_sys(errand->err, "start a thread") : errand->result;
}

int netns_run(int netns_fd, netns_task *task, void *owner, struct error *err)
{
    scoped_visit struct netns_visit visit = NETNS_HOME;
    scoped_fd int home_fd = own_netns(err);

    if (home_fd < 0)
        return -1;
    if (!is_ours(home_fd))
        return errand_send(
            &(struct errand){.netns_fd = netns_fd, .task = task, .owner = owner, .err = err});
    if (setns(netns_fd, CLONE_NEWNET) < 0)
        return error_sys(err, "enter network namespace");
    visit.home_fd = steal_fd(&home_fd);
    return task(owner, err);
}

static int take_own_netns(void *owner, struct error *err)
{
    int *ret_fd = owner;

    *ret_fd = own_netns(err);
    return *ret_fd < 0 ? -1 : 0;
}

int netns_create(int *ret_fd, struct error *err)
{
    scoped_visit struct netns_visit visit = NETNS_HOME;
    scoped_fd int home_fd = own_netns(err);

    if (home_fd < 0)
        return -1;
    if (!is_ours(home_fd))
        return errand_send(
            &(struct errand){.netns_fd = -1, .task = take_own_netns, .owner = ret_fd, .err = err});
    if (unshare(CLONE_NEWNET) < 0)
        return error_sys(err, "create network namespace");
    visit.home_fd = steal_fd(&home_fd);
    return take_own_netns(ret_fd, err);
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
