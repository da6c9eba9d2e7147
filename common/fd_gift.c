/* SPDX-License-Identifier: Apache-2.0 */
#include "common/fd_gift.h"

#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "common/fd.h"

int fd_gift_send(const char *path, const char *text, size_t length, int fd, struct error *err)
{
    scoped_fd int socket_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int))];
    } control = {.header = {.cmsg_level = SOL_SOCKET,
                            .cmsg_type = SCM_RIGHTS,
                            .cmsg_len = CMSG_LEN(sizeof(int))}};
    struct iovec part = {.iov_base = (void *)(uintptr_t)text, .iov_len = length};
    struct msghdr header = {.msg_iov = &part,
                            .msg_iovlen = 1,
                            .msg_control = &control,
                            .msg_controllen = sizeof(control)};

    if (strlen(path) >= sizeof(address.sun_path))
        return error_set(err, "socket '%s': the path is too long", path);
    memcpy(address.sun_path, path, strlen(path));
    memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
    if (socket_fd < 0 || connect(socket_fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
        return error_sys(err, "connect to socket '%s'", path);
    if (sendmsg(socket_fd, &header, MSG_NOSIGNAL) != (ssize_t)length)
        return error_sys(err, "send to socket '%s'", path);
    return 0;
}
