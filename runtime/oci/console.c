/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/oci/console.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/fd_gift.h"
#include "common/tty_relay.h"

int console_send(const char *path, int master_fd, struct error *err)
{
    static const char name[] = "/dev/ptmx";

    if (fd_gift_send(path, name, sizeof(name) - 1, master_fd, err) < 0)
        return error_wrap(err, "hand over the terminal");
    return 0;
}

/*
 * In the foreground
 */

static int reap(int pidfd)
{
    siginfo_t info = {0};

    while (waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED) < 0)
        if (errno != EINTR)
            return 255;
    return info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
}

static void pass_signal(int signal_fd, int pidfd)
{
    struct signalfd_siginfo info;

    if (read(signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info) &&
        info.ssi_signo != SIGCHLD && info.ssi_signo != SIGPIPE)
        (void)pidfd_send_signal(pidfd, (int)info.ssi_signo, NULL, 0);
}

static int pass_signals_until_end(int pidfd, struct error *err)
{
    scoped_fd int signal_fd = -1;
    sigset_t all;

    (void)sigfillset(&all);
    (void)sigprocmask(SIG_SETMASK, &all, NULL);
    signal_fd = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
    if (signal_fd < 0)
        return error_sys(err, "wait for signals");
    for (;;) {
        struct pollfd sources[] = {{.fd = pidfd, .events = POLLIN},
                                   {.fd = signal_fd, .events = POLLIN}};

        if (poll(sources, ARRAY_LENGTH(sources), -1) < 0 && errno != EINTR)
            return error_sys(err, "wait for the program");
        if (sources[1].revents)
            pass_signal(signal_fd, pidfd);
        if (sources[0].revents)
            return 0;
    }
}

int console_wait(int pidfd, int master_fd, struct error *err)
{
    const struct tty_relay relay = {
        .input_fd = 0, .output_fd = 1, .master_fd = master_fd, .pidfd = pidfd};

    if (master_fd >= 0)
        tty_relay_size(&relay);
    if (master_fd >= 0 ? tty_relay_run(&relay, err) < 0 : pass_signals_until_end(pidfd, err) < 0)
        return -1;
    return reap(pidfd);
}
