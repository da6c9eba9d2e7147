/* SPDX-License-Identifier: Apache-2.0 */
#include "net/name_sockets.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "common/fd.h"
#include "net/netlink.h"
#include "net/netns.h"

enum { NAME_SERVER = 0x7f00000b, NAME_PORT = 53, BACKLOG = 128 };

/* *ret_fd is -1 when the address is taken. FREEBIND: 127/8 is not an address of lo before lo is up.
 */
static int name_socket_bind(int type, int *ret_fd, struct error *err)
{
    scoped_fd int fd = socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons(NAME_PORT),
        .sin_addr.s_addr = htonl(NAME_SERVER),
    };
    int one = 1;

    *ret_fd = -1;
    if (fd < 0 || setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &one, sizeof(one)) < 0 ||
        (type == SOCK_STREAM && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0))
        return error_sys(err, "open name server socket");
    if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
        (type == SOCK_STREAM && listen(fd, BACKLOG) < 0))
        return errno == EADDRINUSE ? 0 : error_sys(err, "bind name server socket");
    *ret_fd = steal_fd(&fd);
    return 0;
}

/* What a visit brings home; complete or nothing. */
struct name_sockets {
    int *fds; /* NAME_SOCKETS */
    size_t count;
};

static int open_inside(void *owner, struct error *err)
{
    struct name_sockets *sockets = owner;
    scoped(netlink_free) struct netlink *diag = NULL;
    scoped_fd int udp_fd = -1;
    scoped_fd int tcp_fd = -1;

    if (name_socket_bind(SOCK_DGRAM, &udp_fd, err) < 0 ||
        name_socket_bind(SOCK_STREAM, &tcp_fd, err) < 0)
        return -1;
    if (udp_fd < 0 || tcp_fd < 0)
        return 0;
    if (netlink_open(NETLINK_SOCK_DIAG, &diag, err) < 0)
        return -1;
    sockets->fds[NAME_SOCKET_UDP] = steal_fd(&udp_fd);
    sockets->fds[NAME_SOCKET_TCP] = steal_fd(&tcp_fd);
    sockets->fds[NAME_SOCKET_DIAG] = netlink_take_fd(steal(diag));
    sockets->count = NAME_SOCKETS;
    return 0;
}

int name_sockets_open(int netns_fd, int ret_fds[NAME_SOCKETS], size_t *ret_count, struct error *err)
{
    struct name_sockets sockets = {.fds = ret_fds};
    int result = netns_run(netns_fd, open_inside, &sockets, err);

    *ret_count = sockets.count;
    return result;
}
