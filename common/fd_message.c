/* SPDX-License-Identifier: Apache-2.0 */
#include "common/fd_message.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/fd.h"

int fd_message_send(int socket_fd, const void *bytes, size_t length, const int *fds, size_t n_fds,
                    struct error *err)
{
    union {
        char space[CMSG_SPACE(sizeof(int) * FD_MESSAGE_MAX_FDS)];
        struct cmsghdr align;
    } control = {0};
    struct iovec part = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = length};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

    if (length > FD_MESSAGE_MAX_BYTES || n_fds > FD_MESSAGE_MAX_FDS)
        return error_set(err, "send message: %zu bytes and %zu descriptors are too many", length,
                         n_fds);
    if (n_fds > 0) {
        struct cmsghdr *header;

        message.msg_control = control.space;
        message.msg_controllen = CMSG_SPACE(sizeof(int) * n_fds);
        header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int) * n_fds);
        memcpy(CMSG_DATA(header), fds, sizeof(int) * n_fds);
    }
    while (sendmsg(socket_fd, &message, MSG_NOSIGNAL) < 0)
        if (errno != EINTR)
            return error_sys(err, "send message");
    return 0;
}

/* Collects the descriptors of a received message. */
static size_t message_take_fds(struct msghdr *message, int ret_fds[FD_MESSAGE_MAX_FDS])
{
    size_t count = 0;

    for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header;
         header = CMSG_NXTHDR(message, header)) {
        size_t n;

        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
            continue;
        n = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < n; i++) {
            int fd;

            memcpy(&fd, CMSG_DATA(header) + i * sizeof(int), sizeof(int));
            if (count < FD_MESSAGE_MAX_FDS)
                ret_fds[count++] = fd;
            else
                fd_close(fd);
        }
    }
    return count;
}

int fd_message_receive(int socket_fd, struct text *ret_text, int ret_fds[FD_MESSAGE_MAX_FDS],
                       size_t *ret_n_fds, enum fd_message_result *ret_result, struct error *err)
{
    union {
        char space[CMSG_SPACE(sizeof(int) * FD_MESSAGE_MAX_FDS)];
        struct cmsghdr align;
    } control = {0};
    struct iovec part;
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control.space,
                             .msg_controllen = sizeof(control.space)};
    ssize_t n;

    text_clear(ret_text);
    part.iov_base = text_reserve(ret_text, FD_MESSAGE_MAX_BYTES);
    part.iov_len = FD_MESSAGE_MAX_BYTES;
    *ret_n_fds = 0;
    do
        n = recvmsg(socket_fd, &message, MSG_CMSG_CLOEXEC);
    while (n < 0 && errno == EINTR);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
        *ret_result = FD_MESSAGE_NONE;
        return 0;
    }
    if (n < 0 && errno != ECONNRESET)
        return error_sys(err, "receive message");
    if (n <= 0) {
        *ret_result = FD_MESSAGE_CLOSED;
        return 0;
    }

    ret_text->length = (size_t)n;
    ret_text->data[n] = '\0';
    *ret_n_fds = message_take_fds(&message, ret_fds);
    if (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) {
        for (size_t i = 0; i < *ret_n_fds; i++)
            fd_close(ret_fds[i]);
        *ret_n_fds = 0;
        return error_set(err, "receive message: it was cut");
    }
    *ret_result = FD_MESSAGE_GOT;
    return 0;
}

/*
 * Socket paths are limited to 108 bytes whatever the directory is called, so the directory is named
 * by its descriptor.
 */
static int socket_address(int dir_fd, const char *name, struct sockaddr_un *ret_address,
                          struct error *err)
{
    int length;

    *ret_address = (struct sockaddr_un){.sun_family = AF_UNIX};
    length = snprintf(ret_address->sun_path, sizeof(ret_address->sun_path), "/proc/self/fd/%d/%s",
                      dir_fd, name);
    if (length < 0 || (size_t)length >= sizeof(ret_address->sun_path))
        return error_set(err, "socket name '%s' is too long", name);
    return 0;
}

int fd_message_listen(int dir_fd, const char *name, int *ret_fd, struct error *err)
{
    scoped_fd int fd = -1;
    struct sockaddr_un address;

    if (socket_address(dir_fd, name, &address, err) < 0)
        return -1;
    fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return error_sys(err, "create socket '%s'", name);
    if (unlinkat(dir_fd, name, 0) < 0 && errno != ENOENT)
        return error_sys(err, "remove old socket '%s'", name);
    /* The mode of the descriptor before bind is the mode of the file: never open to others. */
    if (fchmod(fd, 0600) < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
        fchmodat(dir_fd, name, 0600, 0) < 0)
        return error_sys(err, "bind socket '%s'", name);
    if (listen(fd, 64) < 0)
        return error_sys(err, "listen on socket '%s'", name);
    *ret_fd = steal_fd(&fd);
    return 0;
}

int fd_message_connect(int dir_fd, const char *name, int *ret_fd, struct error *err)
{
    scoped_fd int fd = -1;
    struct sockaddr_un address;

    *ret_fd = -1;
    if (socket_address(dir_fd, name, &address, err) < 0)
        return -1;
    fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return error_sys(err, "create socket");
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
        if (errno == ENOENT || errno == ECONNREFUSED)
            return 0;
        return error_sys(err, "connect to socket '%s'", name);
    }
    *ret_fd = steal_fd(&fd);
    return 0;
}
