/* SPDX-License-Identifier: Apache-2.0 */
#include "net/relay/listen_probe.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>
#include <string.h>

#include "net/net_limits.h"

struct probe_question {
    struct nlmsghdr header;
    struct inet_diag_req_v2 request;
};

/* The attribute that says an IPv6 socket takes no IPv4. */
static bool is_v6_only(struct nlmsghdr *message)
{
    size_t length = NLMSG_PAYLOAD(message, sizeof(struct inet_diag_msg));
    struct rtattr *attribute =
        (void *)((char *)NLMSG_DATA(message) + NLMSG_ALIGN(sizeof(struct inet_diag_msg)));

    for (; RTA_OK(attribute, length); attribute = RTA_NEXT(attribute, length))
        if (attribute->rta_type == INET_DIAG_SKV6ONLY && RTA_PAYLOAD(attribute) >= 1)
            return *(const uint8_t *)RTA_DATA(attribute) != 0;
    return false;
}

static bool takes_connections_to(struct nlmsghdr *message, const struct inet_address *target)
{
    const struct inet_diag_msg *socket_info = NLMSG_DATA(message);
    const uint32_t *source = socket_info->id.idiag_src;
    uint32_t wanted = target->v4.sin_addr.s_addr;
    uint32_t wanted6[4];

    if (message->nlmsg_len < NLMSG_LENGTH(sizeof(*socket_info)) ||
        socket_info->idiag_state != TCP_LISTEN ||
        socket_info->id.idiag_sport != target->v4.sin_port)
        return false;
    if (!inet_address_is_v4(target)) {
        memcpy(wanted6, &target->v6.sin6_addr, sizeof(wanted6));
        return socket_info->idiag_family == AF_INET6 &&
               ((source[0] | source[1] | source[2] | source[3]) == 0 ||
                memcmp(source, wanted6, sizeof(wanted6)) == 0);
    }
    if (socket_info->idiag_family == AF_INET)
        return source[0] == htonl(INADDR_ANY) || source[0] == wanted;
    if (source[0] != 0 || source[1] != 0)
        return false;
    if (source[2] == htonl(0xffff))
        return source[3] == htonl(INADDR_ANY) || source[3] == wanted;
    return source[2] == 0 && source[3] == 0 && !is_v6_only(message);
}

static int probe_ask(int diag_fd, int family, const struct inet_address *target, uint32_t sequence)
{
    struct probe_question question = {
        .header = {.nlmsg_len = sizeof(question),
                   .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                   .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
                   .nlmsg_seq = sequence},
        .request = {.sdiag_family = (uint8_t)family,
                    .sdiag_protocol = IPPROTO_TCP,
                    .idiag_states = 1U << TCP_LISTEN,
                    .id = {.idiag_sport = target->v4.sin_port}},
    };

    return send(diag_fd, &question, sizeof(question), MSG_DONTWAIT) < 0 ? -1 : 0;
}

enum reading { READING_MORE, READING_DONE, READING_FAILED };

static enum reading probe_read_messages(struct nlmsghdr *message, size_t length, uint32_t sequence,
                                        const struct inet_address *target, bool *listens)
{
    for (; NLMSG_OK(message, length); message = NLMSG_NEXT(message, length)) {
        if (message->nlmsg_seq != sequence)
            continue;
        if (message->nlmsg_type == NLMSG_DONE)
            return READING_DONE;
        if (message->nlmsg_type == NLMSG_ERROR)
            return READING_FAILED;
        if (takes_connections_to(message, target))
            *listens = true;
    }
    return READING_MORE;
}

/* The kernel answers a dump while it is being read. A container may own any number of listeners on
 * one port (SO_REUSEPORT), so reading is bounded; what is left over is thrown away before the next
 * question. */
static int probe_family(int diag_fd, int family, const struct inet_address *target, bool *listens)
{
    union {
        struct nlmsghdr header;
        char bytes[16 * 1024];
    } answer;
    uint32_t sequence = (uint32_t)family;

    if (probe_ask(diag_fd, family, target, sequence) < 0)
        return -1;
    for (int i = 0; i < NET_PROBE_REPLIES; i++) {
        ssize_t n = recv(diag_fd, &answer, sizeof(answer), MSG_DONTWAIT);
        enum reading reading;

        if (n <= 0)
            return n < 0 && errno != EAGAIN ? -1 : 0;
        reading = probe_read_messages(&answer.header, (size_t)n, sequence, target, listens);
        if (reading != READING_MORE)
            return reading == READING_DONE ? 0 : -1;
    }
    return 0;
}

static void probe_discard(int diag_fd)
{
    char bytes[4096];

    for (int i = 0; i < NET_PROBE_REPLIES; i++)
        if (recv(diag_fd, bytes, sizeof(bytes), MSG_DONTWAIT) <= 0)
            return;
}

int listen_probe(int diag_fd, const struct inet_address *target, bool *ret_listens,
                 struct error *err)
{
    bool listens = false;

    probe_discard(diag_fd);
    if (probe_family(diag_fd, AF_INET, target, &listens) < 0)
        return error_set(err, "ask for listening sockets: the kernel does not tell");
    /* A kernel without IPv6 answers with an error, and has no such listeners. */
    if (!listens)
        (void)probe_family(diag_fd, AF_INET6, target, &listens);
    *ret_listens = listens;
    return 0;
}
