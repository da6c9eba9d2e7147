/* SPDX-License-Identifier: Apache-2.0 */
#include "net/name_sockets.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter_ipv4.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "common/fd.h"
#include "net/netlink.h"
#include "net/netns.h"
#include "net/nftables.h"

enum { NAME_SERVER = 0x7f00000b, NAME_PORT = 53, NAME_PORT_ASIDE = 53053, BACKLOG = 128 };
enum { IPV4_DESTINATION_OFFSET = 16, PORT_DESTINATION_OFFSET = 2 };

/* *ret_fd is -1 when the address is taken. FREEBIND: 127/8 is not an address of lo before lo is up.
 */
static int name_socket_bind(int type, uint16_t port, int *ret_fd, struct error *err)
{
    scoped_fd int fd = socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons(port),
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

/* In the namespace that is visited. */
static int lead_aside(struct error *err)
{
    static const uint8_t protocols[] = {IPPROTO_UDP, IPPROTO_TCP}, family = NFPROTO_IPV4;
    const uint32_t address = htonl(NAME_SERVER);
    const uint16_t port = htons(NAME_PORT);
    scoped(netlink_free) struct netlink *netfilter = NULL;
    scoped(nft_free) struct nft *nft = nft_new("yawl");

    nft_chain(nft, &(struct nft_chain){.name = "names",
                                       .hook = NF_INET_LOCAL_OUT,
                                       .priority = NF_IP_PRI_NAT_DST,
                                       .policy = NF_ACCEPT,
                                       .nat = true});
    for (size_t i = 0; i < sizeof(protocols); i++) {
        nft_rule(nft, "names");
        nft_meta(nft, NFT_META_NFPROTO);
        nft_equal(nft, &family, sizeof(family));
        nft_payload(nft, NFT_PAYLOAD_NETWORK_HEADER, IPV4_DESTINATION_OFFSET, sizeof(address));
        nft_equal(nft, &address, sizeof(address));
        nft_meta(nft, NFT_META_L4PROTO);
        nft_equal(nft, &protocols[i], sizeof(protocols[i]));
        nft_payload(nft, NFT_PAYLOAD_TRANSPORT_HEADER, PORT_DESTINATION_OFFSET, sizeof(port));
        nft_equal(nft, &port, sizeof(port));
        nft_to_port(nft, NAME_PORT_ASIDE);
    }
    if (netlink_open(NETLINK_NETFILTER, &netfilter, err) < 0 || nft_commit(nft, netfilter, err) < 0)
        return error_wrap(err, "lead name lookups aside");
    return 0;
}

/* What a visit brings home; complete or nothing. */
struct name_sockets {
    bool aside;
    int *fds; /* NAME_SOCKETS */
    size_t count;
};

static int open_inside(void *owner, struct error *err)
{
    struct name_sockets *sockets = owner;
    uint16_t port = sockets->aside ? NAME_PORT_ASIDE : NAME_PORT;
    scoped(netlink_free) struct netlink *diag = NULL;
    scoped_fd int udp_fd = -1;
    scoped_fd int tcp_fd = -1;

    if (name_socket_bind(SOCK_DGRAM, port, &udp_fd, err) < 0 ||
        name_socket_bind(SOCK_STREAM, port, &tcp_fd, err) < 0)
        return -1;
    if (udp_fd < 0 || tcp_fd < 0)
        return 0;
    if (sockets->aside && lead_aside(err) < 0)
        return -1;
    if (netlink_open(NETLINK_SOCK_DIAG, &diag, err) < 0)
        return -1;
    sockets->fds[NAME_SOCKET_UDP] = steal_fd(&udp_fd);
    sockets->fds[NAME_SOCKET_TCP] = steal_fd(&tcp_fd);
    sockets->fds[NAME_SOCKET_DIAG] = netlink_take_fd(steal(diag));
    sockets->count = NAME_SOCKETS;
    return 0;
}

int name_sockets_open(const struct name_place *place, int ret_fds[NAME_SOCKETS], size_t *ret_count,
                      struct error *err)
{
    struct name_sockets sockets = {.aside = place->aside, .fds = ret_fds};
    int result = netns_run(place->netns_fd, open_inside, &sockets, err);

    *ret_count = sockets.count;
    return result;
}
