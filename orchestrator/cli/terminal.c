/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/terminal.h"

#include <unistd.h>

#include "common/fd.h"
#include "common/tty_relay.h"

static struct tty_relay relay_of(const struct terminal *terminal, int pidfd)
{
    return (struct tty_relay){.input_fd = STDIN_FILENO,
                              .output_fd = STDOUT_FILENO,
                              .master_fd = terminal->master_fd,
                              .pidfd = pidfd};
}

int terminal_open(const struct container *container, struct terminal *ret_terminal,
                  struct error *err)
{
    struct tty_relay relay;

    if (container_open_tty(container, &ret_terminal->master_fd, &ret_terminal->slave_fd, err) < 0)
        return -1;
    relay = relay_of(ret_terminal, -1);
    tty_relay_size(&relay);
    return 0;
}

void terminal_close(struct terminal *terminal)
{
    fd_close(steal_fd(&terminal->master_fd));
    fd_close(steal_fd(&terminal->slave_fd));
}

int terminal_relay(struct terminal *terminal, int pidfd, struct error *err)
{
    const struct tty_relay relay = relay_of(terminal, pidfd);

    fd_close(steal_fd(&terminal->slave_fd)); /* ours; the program has its own */
    return tty_relay_run(&relay, err);
}
