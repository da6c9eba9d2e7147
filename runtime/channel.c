/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/channel.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "common/fd.h"

union channel_control {
    struct cmsghdr header;
    char space[CMSG_SPACE(sizeof(int) * CHANNEL_MAX_FDS)];
};

int channel_open(int *ret_starter_fd, int *ret_child_fd)
{
    int fds[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
        return -1;
    *ret_starter_fd = fds[0];
    *ret_child_fd = fds[1];
    return 0;
}

static int channel_send_message(int fd, struct msghdr *header)
{
    ssize_t n;

    do {
        n = sendmsg(fd, header, MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    return n < 0 ? -1 : 0;
}

int channel_send(int fd, enum channel_kind kind, const void *bytes, size_t length)
{
    unsigned char kind_byte = (unsigned char)kind;
    union {
        const void *in;
        void *out;
    } content = {.in = bytes}; /* sendmsg() only reads it */
    struct iovec parts[] = {{&kind_byte, 1}, {content.out, length}};
    struct msghdr header = {.msg_iov = parts, .msg_iovlen = length ? 2 : 1};

    return channel_send_message(fd, &header);
}

int channel_say(int fd, enum channel_kind kind)
{
    return channel_send(fd, kind, NULL, 0);
}

int channel_send_fds(int fd, enum channel_kind kind, const int *fds, size_t n_fds)
{
    unsigned char kind_byte = (unsigned char)kind;
    struct iovec part = {&kind_byte, 1};
    union channel_control control;
    struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1};

    if (n_fds == 0 || n_fds > CHANNEL_MAX_FDS) {
        errno = EINVAL;
        return -1;
    }
    memset(&control, 0, sizeof(control));
    control.header.cmsg_level = SOL_SOCKET;
    control.header.cmsg_type = SCM_RIGHTS;
    control.header.cmsg_len = CMSG_LEN(sizeof(int) * n_fds);
    memcpy(CMSG_DATA(&control.header), fds, sizeof(int) * n_fds);
    header.msg_control = &control;
    header.msg_controllen = CMSG_SPACE(sizeof(int) * n_fds);
    return channel_send_message(fd, &header);
}

static void channel_take_fds(struct msghdr *header, struct channel_message *message)
{
    for (struct cmsghdr *at = CMSG_FIRSTHDR(header); at; at = CMSG_NXTHDR(header, at)) {
        if (at->cmsg_level != SOL_SOCKET || at->cmsg_type != SCM_RIGHTS)
            continue;
        message->n_fds = (at->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        memcpy(message->fds, CMSG_DATA(at), message->n_fds * sizeof(int));
    }
}

int channel_receive(int fd, bool wait, struct channel_message *ret_message)
{
    unsigned char kind_byte = 0;
    struct iovec parts[] = {{&kind_byte, 1}, {ret_message->bytes, sizeof(ret_message->bytes)}};
    union channel_control control;
    struct msghdr header = {.msg_iov = parts,
                            .msg_iovlen = 2,
                            .msg_control = &control,
                            .msg_controllen = sizeof(control)};
    ssize_t n;

    ret_message->n_fds = 0;
    ret_message->length = 0;
    /* ECONNRESET is told once, before what is still to be read: the other end went without having
     * read all that it was sent. */
    do {
        n = recvmsg(fd, &header, MSG_CMSG_CLOEXEC | (wait ? 0 : MSG_DONTWAIT));
    } while (n < 0 && (errno == EINTR || errno == ECONNRESET));
    if (n < 0)
        return -1;
    channel_take_fds(&header, ret_message);
    if (n == 0)
        return 0;
    if (header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) {
        for (size_t i = 0; i < ret_message->n_fds; i++)
            fd_close(ret_message->fds[i]);
        errno = EPROTO;
        return -1;
    }
    ret_message->kind = (enum channel_kind)kind_byte;
    ret_message->length = (size_t)n - 1;
    return 1;
}

int channel_expect(int fd, enum channel_kind kind, struct channel_message *ret_message)
{
    int got = channel_receive(fd, true, ret_message);

    if (got < 0)
        return -1;
    if (got == 0) {
        errno = EPIPE;
        return -1;
    }
    if (ret_message->kind != kind) {
        for (size_t i = 0; i < ret_message->n_fds; i++)
            fd_close(ret_message->fds[i]);
        errno = EPROTO;
        return -1;
    }
    return 0;
}
