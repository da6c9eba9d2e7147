/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "common/fd.h"

static void size_copy(const struct terminal *terminal)
{
    struct winsize size;

    if (ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0)
        (void)ioctl(terminal->master_fd, TIOCSWINSZ, &size);
}

int terminal_open(const struct container *container, struct terminal *ret_terminal,
                  struct error *err)
{
    if (container_open_tty(container, &ret_terminal->master_fd, &ret_terminal->slave_fd, err) < 0)
        return -1;
    size_copy(ret_terminal);
    return 0;
}

void terminal_close(struct terminal *terminal)
{
    fd_close(steal_fd(&terminal->master_fd));
    fd_close(steal_fd(&terminal->slave_fd));
}

/* False when that way is closed. */
static bool relay_some(int from_fd, int to_fd)
{
    char bytes[16384];
    ssize_t n = read(from_fd, bytes, sizeof(bytes));

    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return true;
    return n > 0 && fd_write_all(to_fd, bytes, (size_t)n) == 0;
}

static void relay_until_end(struct terminal *terminal, int pidfd, int signal_fd)
{
    struct pollfd polled[] = {{.fd = terminal->master_fd, .events = POLLIN},
                              {.fd = STDIN_FILENO, .events = POLLIN},
                              {.fd = signal_fd, .events = POLLIN},
                              {.fd = pidfd, .events = POLLIN}};

    for (;;) {
        if (poll(polled, ARRAY_LENGTH(polled), -1) < 0 && errno != EINTR)
            return;
        if (polled[2].revents & POLLIN) {
            struct signalfd_siginfo info;

            (void)!read(signal_fd, &info, sizeof(info));
            size_copy(terminal);
        }
        if (polled[1].revents && !relay_some(STDIN_FILENO, terminal->master_fd))
            polled[1].fd = -1;
        if (polled[0].revents) {
            if (!relay_some(terminal->master_fd, STDOUT_FILENO))
                return;
            continue; /* what it wrote comes before its end */
        }
        if (polled[3].revents)
            return;
    }
}

int terminal_relay(struct terminal *terminal, int pidfd, struct error *err)
{
    scoped_fd int signal_fd = -1;
    struct termios before, raw;
    bool is_terminal = tcgetattr(STDIN_FILENO, &before) == 0;
    sigset_t signals;

    fd_close(steal_fd(&terminal->slave_fd)); /* ours; the program has its own */
    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGWINCH);
    (void)sigprocmask(SIG_BLOCK, &signals, NULL);
    signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    if (signal_fd < 0)
        return error_sys(err, "watch the terminal's size");
    if (is_terminal) {
        raw = before;
        cfmakeraw(&raw);
        (void)tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
    }
    relay_until_end(terminal, pidfd, signal_fd);
    if (is_terminal)
        (void)tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
    return 0;
}
