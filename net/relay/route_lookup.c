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

union answer {
    struct nlmsghdr header;
    char bytes[8192];
};

/* What the kernel has to say to the last question, next piece; 0 at the end. */
static size_t read_answer(const struct route_lookup *lookup, union answer *ret_answer)
{
    ssize_t n;

    while ((n = recv(lookup->fd, ret_answer, sizeof(*ret_answer), 0)) > 0)
        if (NLMSG_OK(&ret_answer->header, (size_t)n) &&
            ret_answer->header.nlmsg_seq == lookup->sequence)
            return (size_t)n;
    return 0;
}

/* Asks for the route to an address; false when there is none. */
static bool ask_route(struct route_lookup *lookup, const struct inet_address *address,
                      union answer *ret_answer)
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
    return send(lookup->fd, &question, question.header.nlmsg_len, 0) >= 0 &&
           read_answer(lookup, ret_answer) > 0 && ret_answer->header.nlmsg_type == RTM_NEWROUTE &&
           ret_answer->header.nlmsg_len >= NLMSG_LENGTH(sizeof(struct rtmsg));
}

enum route_kind route_lookup_kind(struct route_lookup *lookup, const struct inet_address *address)
{
    union answer answer;
    struct rtmsg route;

    if (!ask_route(lookup, address, &answer))
        return ROUTE_NONE;
    memcpy(&route, NLMSG_DATA(&answer.header), sizeof(route));
    return kind_of(route.rtm_type);
}

/* -------------------------------------------------------------------------------------------
 * the host's own address */

/* An IPv4 address among the attributes behind a message's fixed header. */
static bool find_address(struct nlmsghdr *header, size_t fixed, unsigned short type,
                         struct in_addr *ret_address)
{
    struct rtattr *attribute = (void *)((char *)header + NLMSG_SPACE(fixed));
    size_t left =
        header->nlmsg_len < NLMSG_SPACE(fixed) ? 0 : header->nlmsg_len - NLMSG_SPACE(fixed);

    for (; RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left)) {
        if (attribute->rta_type != type || RTA_PAYLOAD(attribute) != sizeof(*ret_address))
            continue;
        memcpy(ret_address, RTA_DATA(attribute), sizeof(*ret_address));
        return true;
    }
    return false;
}

/* The first of a piece of the list of addresses; *done at its end. */
static bool first_global(union answer *answer, size_t length, struct in_addr *ret_address,
                         bool *done)
{
    struct nlmsghdr *header = &answer->header;

    for (; NLMSG_OK(header, length); header = NLMSG_NEXT(header, length)) {
        struct ifaddrmsg message;

        *done = *done || header->nlmsg_type != RTM_NEWADDR;
        if (*done || header->nlmsg_len < NLMSG_LENGTH(sizeof(message)))
            break;
        memcpy(&message, NLMSG_DATA(header), sizeof(message));
        if (message.ifa_family == AF_INET && message.ifa_scope == RT_SCOPE_UNIVERSE &&
            find_address(header, sizeof(message), IFA_LOCAL, ret_address))
            return true;
    }
    return false;
}

/* Reads the list to its end, so that the next question begins afresh. */
static bool own_by_list(struct route_lookup *lookup, struct in_addr *ret_address)
{
    struct {
        struct nlmsghdr header;
        struct ifaddrmsg message;
    } question = {
        .header = {.nlmsg_len = sizeof(question),
                   .nlmsg_type = RTM_GETADDR,
                   .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
                   .nlmsg_seq = ++lookup->sequence},
        .message = {.ifa_family = AF_INET},
    };
    bool found = false, done = false;
    union answer answer;
    size_t length;

    if (send(lookup->fd, &question, sizeof(question), 0) < 0)
        return false;
    while (!done && (length = read_answer(lookup, &answer)) > 0) {
        struct in_addr address;

        if (!found && first_global(&answer, length, &address, &done)) {
            *ret_address = address;
            found = true;
        }
        done = done || answer.header.nlmsg_type == NLMSG_DONE;
    }
    return found;
}

bool route_lookup_own(struct route_lookup *lookup, struct in_addr *ret_address)
{
    /* 192.0.0.8, which no host has (RFC 7600): only a default route leads there. */
    const struct in_addr nowhere = {htonl(0xc0000008)};
    const struct inet_address far = inet_address_v4(nowhere, 0);
    union answer answer;

    if (ask_route(lookup, &far, &answer) &&
        find_address(&answer.header, sizeof(struct rtmsg), RTA_PREFSRC, ret_address))
        return true;
    return own_by_list(lookup, ret_address);
}
