/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/supervise/tty.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "common/fd.h"
#include "orchestrator/supervise/fd_store.h"
#include "orchestrator/supervise/output.h"

enum { TERMINAL_CHUNK_BYTES = 16 * 1024, DRAIN_MAX_CHUNKS = 4096 };

static void terminal_name(const struct instance *instance, struct text *ret_name)
{
    text_appendf(ret_name, "tty/%s", instance->plan->name);
}

/* A full FIFO is emptied into the log, which takes all there is. */
static void fifo_write(struct instance *instance, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t n = write(instance->outputs[0].fifo_fd, bytes, length);

        if (n < 0 && errno == EAGAIN)
            output_drain(&instance->outputs[0]);
        else if (n < 0 && errno != EINTR)
            return; /* there is no log any more */
        if (n > 0) {
            bytes += n;
            length -= (size_t)n;
        }
    }
}

/* Says whether there may be more. */
static bool terminal_read(struct instance *instance)
{
    char bytes[TERMINAL_CHUNK_BYTES];
    ssize_t n = read(instance->terminal_fd, bytes, sizeof(bytes));

    if (n > 0) {
        fifo_write(instance, bytes, (size_t)n);
        return true;
    }
    /* Without anybody at the other end the master reports an error for ever. */
    if (n == 0 || (errno != EAGAIN && errno != EINTR))
        fd_watch_free(steal(instance->terminal_watch));
    return false;
}

static void on_terminal(void *owner)
{
    (void)terminal_read(owner);
}

static void terminal_watch(struct instance *instance)
{
    scoped_text struct text name = {0};

    terminal_name(instance, &name);
    fd_store_park(instance->supervisor, text_get(&name), instance->terminal_fd);
    (void)fcntl(instance->terminal_fd, F_SETFL, O_RDWR | O_NONBLOCK);
    instance->terminal_watch = fd_watch_new(instance->supervisor->loop, instance->terminal_fd,
                                            FD_READABLE, on_terminal, instance);
}

void tty_open(struct instance *instance)
{
    int master_fd = container_tty_fd(instance->container);

    tty_close(instance);
    if (master_fd >= 0)
        instance->terminal_fd = fcntl(master_fd, F_DUPFD_CLOEXEC, 3);
    if (instance->terminal_fd >= 0)
        terminal_watch(instance);
}

void tty_adopt(struct instance *instance)
{
    scoped_text struct text name = {0};

    terminal_name(instance, &name);
    instance->terminal_fd = fd_store_take(instance->supervisor, text_get(&name));
    if (instance->terminal_fd >= 0)
        terminal_watch(instance);
}

void tty_drain(struct instance *instance)
{
    for (int i = 0; instance->terminal_fd >= 0 && i < DRAIN_MAX_CHUNKS; i++)
        if (!terminal_read(instance))
            return;
}

void tty_close(struct instance *instance)
{
    scoped_text struct text name = {0};

    if (instance->terminal_fd < 0)
        return;
    terminal_name(instance, &name);
    fd_store_forget(instance->supervisor, text_get(&name));
    fd_watch_free(steal(instance->terminal_watch));
    fd_close(steal_fd(&instance->terminal_fd));
}
