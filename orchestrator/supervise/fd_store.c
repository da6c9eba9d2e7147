/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The supervisor's side of the keeper's store: messages "park NAME" with a descriptor, and "forget
 * NAME".
 */
#include "orchestrator/supervise/fd_store.h"

#include "common/fd.h"
#include "common/fd_message.h"
#include "common/log.h"

static void fd_store_tell(struct supervisor *supervisor, const char *verb, const char *name, int fd)
{
    scoped_text struct text text = {0};
    struct error err = {0};

    if (supervisor->keeper_fd < 0)
        return;
    text_appendf(&text, "%s %s", verb, name);
    if (fd_message_send(supervisor->keeper_fd, text.data, text.length, &fd, fd >= 0, &err) < 0)
        log_warning("tell the keeper to %s '%s': %s", verb, name, err.text);
}

void fd_store_park(struct supervisor *supervisor, const char *name, int fd)
{
    fd_store_tell(supervisor, "park", name, fd);
}

void fd_store_forget(struct supervisor *supervisor, const char *name)
{
    fd_store_tell(supervisor, "forget", name, -1);
}

static void parked_add(struct supervisor *supervisor, const char *name, int take_fd)
{
    struct parked *parked = arena_new_object(supervisor->arena, struct parked);

    *parked = (struct parked){
        .next = supervisor->parked, .name = arena_strdup(supervisor->arena, name), .fd = take_fd};
    supervisor->parked = parked;
}

int fd_store_receive(struct supervisor *supervisor, struct error *err)
{
    scoped_text struct text text = {0};
    int fds[FD_MESSAGE_MAX_FDS];
    enum fd_message_result result;
    size_t n_fds;

    for (;;) {
        if (fd_message_receive(supervisor->keeper_fd, &text, fds, &n_fds, &result, err) < 0)
            return error_wrap(err, "receive what the keeper holds");
        if (result != FD_MESSAGE_GOT)
            return error_set(err, "receive what the keeper holds: it is gone");
        for (size_t i = 0; i < n_fds; i++)
            parked_add(supervisor, text_get(&text), fds[i]);
        if (string_eq(text_get(&text), "end"))
            return 0;
    }
}

int fd_store_take(struct supervisor *supervisor, const char *name)
{
    for (struct parked *parked = supervisor->parked; parked; parked = parked->next)
        if (parked->fd >= 0 && string_eq(parked->name, name))
            return steal_fd(&parked->fd);
    return -1;
}

void fd_store_drop(struct supervisor *supervisor)
{
    for (struct parked *parked = supervisor->parked; parked; parked = parked->next)
        fd_close(steal_fd(&parked->fd));
    supervisor->parked = NULL;
}

void fd_store_pidfd_name(const struct instance *instance, struct text *ret_name)
{
    text_appendf(ret_name, "pidfd/%s", instance->plan->name);
}
