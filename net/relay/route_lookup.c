/* SPDX-License-Identifier: Apache-2.0 */
#include "net/relay/route_lookup.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/memory.h"

struct route_lookup {
    int fd;
    uint32_t sequence;
};

struct route_question {
    struct nlmsghdr header;
    struct rtmsg route;
    struct rtattr attribute;
    uint8_t destination[16];
};

int route_lookup_new(struct route_lookup **ret_lookup, struct error *err)
{
    struct route_lookup *lookup;
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);

    if (fd < 0)
        return error_sys(err, "create a routing socket");
    lookup = memory_new(struct route_lookup);
    lookup->fd = fd;
    *ret_lookup = lookup;
    return 0;
}

void route_lookup_free(struct route_lookup *lookup)
{
    if (!lookup)
        return;
    fd_close(lookup->fd);
    free(lookup);
}

static enum route_kind kind_of(unsigned char type)
{
    switch (type) {
    case RTN_UNICAST:
        return ROUTE_REMOTE;
    case RTN_LOCAL:
    case RTN_ANYCAST:
        return ROUTE_LOCAL;
    default:
        return ROUTE_OTHER;
    }
}

/* Reads until the answer to the question with this sequence number. */
static enum route_kind read_kind(const struct route_lookup *lookup)
{
    union {
        struct nlmsghdr header;
        char bytes[8192];
    } answer;
    ssize_t n;

    while ((n = recv(lookup->fd, &answer, sizeof(answer), 0)) > 0) {
        struct rtmsg route;

        if (!NLMSG_OK(&answer.header, (size_t)n) || answer.header.nlmsg_seq != lookup->sequence)
            continue;
        if (answer.header.nlmsg_type != RTM_NEWROUTE ||
            answer.header.nlmsg_len < NLMSG_LENGTH(sizeof(route)))
            return ROUTE_NONE;
        memcpy(&route, NLMSG_DATA(&answer.header), sizeof(route));
        return kind_of(route.rtm_type);
    }
    return ROUTE_NONE;
}

enum route_kind route_lookup_kind(struct route_lookup *lookup, const struct inet_address *address)
{
    bool v4 = inet_address_is_v4(address);
    uint8_t length = v4 ? 4 : 16;
    struct route_question question = {
        .header = {.nlmsg_len = (uint32_t)(offsetof(struct route_question, destination) + length),
                   .nlmsg_type = RTM_GETROUTE,
                   .nlmsg_flags = NLM_F_REQUEST,
                   .nlmsg_seq = ++lookup->sequence},
        .route = {.rtm_family = (uint8_t)address->any.sa_family,
                  .rtm_dst_len = (uint8_t)(length * 8)},
        .attribute = {.rta_len = (unsigned short)RTA_LENGTH(length), .rta_type = RTA_DST},
    };

    memcpy(question.destination,
           v4 ? (const void *)&address->v4.sin_addr : (const void *)&address->v6.sin6_addr, length);
    if (send(lookup->fd, &question, question.header.nlmsg_len, 0) < 0)
        return ROUTE_NONE;
    return read_kind(lookup);
}
