/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The supervisor's side of the keeper's store: messages "park NAME" with a descriptor, and "forget
 * NAME".
 */
#include "common/fd.h"
#include "common/fd_message.h"
#include "common/log.h"
#include "orchestrator/supervise/supervisor_state.h"

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

int fd_store_receive(int keeper_fd, int *ret_router_fd, struct error *err)
{
    scoped_text struct text text = {0};
    int fds[FD_MESSAGE_MAX_FDS];
    enum fd_message_result result;
    size_t n_fds;

    *ret_router_fd = -1;
    for (;;) {
        if (fd_message_receive(keeper_fd, &text, fds, &n_fds, &result, err) < 0)
            return error_wrap(err, "receive what the keeper holds");
        if (result != FD_MESSAGE_GOT)
            return error_set(err, "receive what the keeper holds: it is gone");
        for (size_t i = 0; i < n_fds; i++) {
            /* FIFOs are opened again by their paths: the keeper only keeps them alive. */
            if (string_eq(text_get(&text), "router") && *ret_router_fd < 0)
                *ret_router_fd = fds[i];
            else
                fd_close(fds[i]);
        }
        if (string_eq(text_get(&text), "end"))
            return 0;
    }
}
