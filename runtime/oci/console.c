/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/oci/console.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/pidfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "common/fd.h"

int console_send(const char *path, int master_fd, struct error *err)
{
    scoped_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int))];
    } control = {.header = {.cmsg_level = SOL_SOCKET,
                            .cmsg_type = SCM_RIGHTS,
                            .cmsg_len = CMSG_LEN(sizeof(int))}};
    char name[] = "/dev/ptmx";
    struct iovec part = {name, sizeof(name) - 1};
    struct msghdr header = {.msg_iov = &part,
                            .msg_iovlen = 1,
                            .msg_control = &control,
                            .msg_controllen = sizeof(control)};

    if (strlen(path) >= sizeof(address.sun_path))
        return error_set(err, "console socket '%s': the path is too long", path);
    memcpy(address.sun_path, path, strlen(path));
    memcpy(CMSG_DATA(&control.header), &master_fd, sizeof(master_fd));
    if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ||
        sendmsg(fd, &header, MSG_NOSIGNAL) < 0)
        return error_sys(err, "console socket '%s'", path);
    return 0;
}

/*
 * In the foreground
 */

struct foreground {
    int pidfd, master_fd, signal_fd;
    bool input_ended;
    struct termios before;
    bool is_raw;
};

static void become_raw(struct foreground *foreground)
{
    struct termios raw;

    if (foreground->master_fd < 0 || tcgetattr(0, &foreground->before) < 0)
        return;
    raw = foreground->before;
    cfmakeraw(&raw);
    foreground->is_raw = tcsetattr(0, TCSANOW, &raw) == 0;
}

static void pass_size(const struct foreground *foreground)
{
    struct winsize size;

    if (foreground->master_fd >= 0 && ioctl(0, TIOCGWINSZ, &size) == 0)
        (void)ioctl(foreground->master_fd, TIOCSWINSZ, &size);
}

static void pass_signal(const struct foreground *foreground)
{
    struct signalfd_siginfo info;

    if (read(foreground->signal_fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
        return;
    if (info.ssi_signo == SIGWINCH)
        pass_size(foreground);
    else if (info.ssi_signo != SIGCHLD && info.ssi_signo != SIGPIPE)
        (void)pidfd_send_signal(foreground->pidfd, (int)info.ssi_signo, NULL, 0);
}

/* False at the end of what comes. */
static bool pass_bytes(int from_fd, int to_fd)
{
    char bytes[8192];
    ssize_t n = read(from_fd, bytes, sizeof(bytes));

    if (n < 0)
        return errno == EINTR || errno == EAGAIN;
    return n > 0 && fd_write_all(to_fd, bytes, (size_t)n) == 0;
}

static int reap(int pidfd)
{
    siginfo_t info = {0};

    while (waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED) < 0)
        if (errno != EINTR)
            return 255;
    return info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
}

/* What was printed before the end is still in the terminal. */
static void drain(int master_fd)
{
    struct pollfd more = {.fd = master_fd, .events = POLLIN};

    while (master_fd >= 0 && poll(&more, 1, 0) > 0 && (more.revents & POLLIN) &&
           pass_bytes(master_fd, 1))
        continue;
}

static int relay(struct foreground *foreground)
{
    for (;;) {
        struct pollfd sources[] = {
            {.fd = foreground->pidfd, .events = POLLIN},
            {.fd = foreground->signal_fd, .events = POLLIN},
            {.fd = foreground->master_fd, .events = POLLIN},
            {.fd = foreground->master_fd < 0 || foreground->input_ended ? -1 : 0, .events = POLLIN},
        };

        if (poll(sources, ARRAY_LENGTH(sources), -1) < 0 && errno != EINTR)
            return 255;
        if (sources[1].revents)
            pass_signal(foreground);
        if (sources[3].revents && !pass_bytes(0, foreground->master_fd))
            foreground->input_ended = true;
        if (sources[2].revents && !pass_bytes(foreground->master_fd, 1))
            foreground->master_fd = -1;
        if (sources[0].revents) {
            drain(foreground->master_fd);
            return reap(foreground->pidfd);
        }
    }
}

int console_wait(int pidfd, int master_fd, struct error *err)
{
    struct foreground foreground = {.pidfd = pidfd, .master_fd = master_fd};
    scoped_fd int signal_fd = -1;
    sigset_t all;
    int status;

    (void)sigfillset(&all);
    (void)sigprocmask(SIG_SETMASK, &all, NULL);
    signal_fd = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
    if (signal_fd < 0)
        return error_sys(err, "wait for signals");
    foreground.signal_fd = signal_fd;
    become_raw(&foreground);
    pass_size(&foreground);
    status = relay(&foreground);
    if (foreground.is_raw)
        (void)tcsetattr(0, TCSANOW, &foreground.before);
    return status;
}
