/* SPDX-License-Identifier: Apache-2.0 */
#include "common/tty_relay.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "common/fd.h"

void tty_relay_size(const struct tty_relay *relay)
{
    struct winsize size;

    if (ioctl(relay->input_fd, TIOCGWINSZ, &size) == 0)
        (void)ioctl(relay->master_fd, TIOCSWINSZ, &size);
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

static void relay_until_end(const struct tty_relay *relay, int signal_fd)
{
    struct pollfd polled[] = {{.fd = relay->master_fd, .events = POLLIN},
                              {.fd = relay->input_fd, .events = POLLIN},
                              {.fd = signal_fd, .events = POLLIN},
                              {.fd = relay->pidfd, .events = POLLIN}};

    for (;;) {
        if (poll(polled, ARRAY_LENGTH(polled), -1) < 0 && errno != EINTR)
            return;
        if (polled[2].revents & POLLIN) {
            struct signalfd_siginfo info;

            (void)!read(signal_fd, &info, sizeof(info));
            tty_relay_size(relay);
        }
        if (polled[1].revents && !relay_some(relay->input_fd, relay->master_fd))
            polled[1].fd = -1;
        if (polled[0].revents) {
            if (!relay_some(relay->master_fd, relay->output_fd))
                return;
            continue; /* what it wrote comes before its end */
        }
        if (polled[3].revents)
            return;
    }
}

int tty_relay_run(const struct tty_relay *relay, struct error *err)
{
    scoped_fd int signal_fd = -1;
    struct termios before, raw;
    bool is_terminal = tcgetattr(relay->input_fd, &before) == 0;
    sigset_t signals;

    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGWINCH);
    (void)sigprocmask(SIG_BLOCK, &signals, NULL);
    signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    if (signal_fd < 0)
        return error_sys(err, "watch the terminal's size");
    if (is_terminal) {
        raw = before;
        cfmakeraw(&raw);
        (void)tcsetattr(relay->input_fd, TCSADRAIN, &raw);
    }
    relay_until_end(relay, signal_fd);
    if (is_terminal)
        (void)tcsetattr(relay->input_fd, TCSADRAIN, &before);
    return 0;
}
