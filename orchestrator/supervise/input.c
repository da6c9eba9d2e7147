/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/supervise/input.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/log.h"
#include "orchestrator/supervise/fd_store.h"

void input_name(const struct instance *instance, char *ret_name, size_t size)
{
    (void)snprintf(ret_name, size, "fifo/%s.in", instance->plan->name);
}

static int input_hold(struct instance *instance, const char *name, struct error *err)
{
    instance->input_fd = openat(instance->supervisor->dir->run_fd, name,
                                O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
    if (instance->input_fd < 0)
        return error_sys(err, "open '%s'", name);
    fd_store_park(instance->supervisor, name, instance->input_fd);
    return 0;
}

int input_open(struct instance *instance, struct error *err)
{
    char name[300];

    if (!instance->made->stdin_held)
        return 0;
    input_remove(instance);
    input_name(instance, name, sizeof(name));
    if (mkfifoat(instance->supervisor->dir->run_fd, name, 0600) < 0)
        return error_sys(err, "create '%s'", name);
    return input_hold(instance, name, err);
}

void input_adopt(struct instance *instance)
{
    struct error err = {0};
    char name[300];

    if (!instance->made->stdin_held)
        return;
    input_name(instance, name, sizeof(name));
    if (input_hold(instance, name, &err) < 0)
        log_warning("input of '%s': %s", instance->plan->name, err.text);
}

void input_remove(struct instance *instance)
{
    char name[300];

    input_name(instance, name, sizeof(name));
    (void)unlinkat(instance->supervisor->dir->run_fd, name, 0);
    if (instance->input_fd < 0)
        return;
    fd_store_forget(instance->supervisor, name);
    fd_close(steal_fd(&instance->input_fd));
}
