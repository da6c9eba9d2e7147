/* SPDX-License-Identifier: Apache-2.0 */
/*
 * No connection tracking, no translation: a few decisions about a packet that a container sends to
 * another network than its own (the same bridge never comes here).
 *
 *   prerouting  for a transparent socket of the worker's  -> marked: delivered here (router.c)
 *               to an address of the project              -> on to input or forward
 *               multicast, broadcast, reserved            -> dropped
 *               TCP, UDP from a network with a way out    -> marked, to the worker's listener
 *               ping from one                             -> marked, to the worker's raw socket
 *               anything else                             -> no route: "network unreachable"
 *   input       straight to the worker's listener         -> dropped: as if it were outbound
 *   forward     from one network to another               -> refused at once
 *   output      the kernel's answer to a ping outside     -> dropped: the worker's is the true one
 *
 * A wildcard socket does not count as "for a transparent socket": the listener would attract
 * packets to its own port number from everywhere, internal networks included.
 */
#include "net/router_rules.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter_ipv4.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>

#include "net/nftables.h"
#include "net/worker_protocol.h"

static const struct ipv6_prefix link_local = {{{{0xfe, 0x80}}}, 10};

enum {
    IPV4_SOURCE_OFFSET = 12,
    IPV4_DESTINATION_OFFSET = 16,
    IPV6_SOURCE_OFFSET = 8,
    IPV6_DESTINATION_OFFSET = 24,
    PORT_DESTINATION_OFFSET = 2,
    ICMP_TYPE_OFFSET = 0,
};

static void add_sets(struct nft *nft, const struct router_network *networks, size_t count)
{
    nft_range_set(nft, "subnets");
    nft_set(nft, "outbound", NFT_TYPE_IFINDEX);
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < networks[i].n_subnets; k++)
            nft_range_set_add(nft, "subnets", networks[i].subnets[k].address,
                              ipv4_prefix_last(networks[i].subnets[k]));
        if (!networks[i].internal)
            nft_set_add(nft, "outbound", &networks[i].bridge_ifindex);
    }
}

/* Begins a rule for packets of one family. */
static void begin_rule_of(struct nft *nft, const char *chain, uint8_t family)
{
    nft_rule(nft, chain);
    nft_meta(nft, NFT_META_NFPROTO);
    nft_equal(nft, &family, sizeof(family));
}

static void match_protocol(struct nft *nft, uint8_t protocol)
{
    nft_meta(nft, NFT_META_L4PROTO);
    nft_equal(nft, &protocol, sizeof(protocol));
}

static void load_icmp_type(struct nft *nft)
{
    nft_payload(nft, NFT_PAYLOAD_TRANSPORT_HEADER, ICMP_TYPE_OFFSET, sizeof(uint8_t));
}

/* `offset`: of the source or the destination. */
static void match_address6(struct nft *nft, uint32_t offset, const struct ipv6_prefix *prefix)
{
    const struct in6_addr mask = ipv6_mask(prefix->length);

    nft_payload(nft, NFT_PAYLOAD_NETWORK_HEADER, offset, sizeof(struct in6_addr));
    nft_mask(nft, &mask, sizeof(mask));
    nft_equal(nft, &prefix->address, sizeof(prefix->address));
}

/* Neighbour discovery is ICMP, some of it to multicast addresses; the router itself answers it. */
static void add_prerouting_ipv6(struct nft *nft, const struct router_network *networks,
                                size_t count)
{
    static const uint8_t request = ICMP6_ECHO_REQUEST;
    const struct ipv6_prefix multicast = {{{{0xff}}}, 8};

    begin_rule_of(nft, "prerouting", NFPROTO_IPV6);
    match_protocol(nft, IPPROTO_ICMPV6);
    load_icmp_type(nft);
    nft_unequal(nft, &request, sizeof(request));
    nft_verdict(nft, NF_ACCEPT);
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < networks[i].n_subnets6; k++) {
            begin_rule_of(nft, "prerouting", NFPROTO_IPV6);
            match_address6(nft, IPV6_DESTINATION_OFFSET, &networks[i].subnets6[k]);
            nft_verdict(nft, NF_ACCEPT);
        }
    begin_rule_of(nft, "prerouting", NFPROTO_IPV6);
    match_address6(nft, IPV6_DESTINATION_OFFSET, &link_local);
    nft_verdict(nft, NF_ACCEPT);
    begin_rule_of(nft, "prerouting", NFPROTO_IPV6);
    match_address6(nft, IPV6_DESTINATION_OFFSET, &multicast);
    nft_verdict(nft, NF_DROP);
}

static void add_prerouting_ipv4(struct nft *nft)
{
    const uint32_t multicast = htonl(0xe0000000);

    begin_rule_of(nft, "prerouting", NFPROTO_IPV4);
    nft_payload(nft, NFT_PAYLOAD_NETWORK_HEADER, IPV4_DESTINATION_OFFSET, sizeof(uint32_t));
    nft_in_set(nft, "subnets");
    nft_verdict(nft, NF_ACCEPT);

    begin_rule_of(nft, "prerouting", NFPROTO_IPV4);
    nft_payload(nft, NFT_PAYLOAD_NETWORK_HEADER, IPV4_DESTINATION_OFFSET, sizeof(uint32_t));
    nft_mask(nft, &multicast, sizeof(multicast));
    nft_equal(nft, &multicast, sizeof(multicast));
    nft_verdict(nft, NF_DROP);
}

static void add_outbound(struct nft *nft, uint8_t family)
{
    static const uint8_t request = ICMP_ECHO, request6 = ICMP6_ECHO_REQUEST;
    bool v4 = family == NFPROTO_IPV4;

    begin_rule_of(nft, "prerouting", family);
    nft_meta(nft, NFT_META_IIF);
    nft_in_set(nft, "outbound");
    nft_tproxy(nft, family, ROUTER_TPROXY_PORT);
    nft_set_mark(nft, ROUTER_FWMARK);
    nft_verdict(nft, NF_ACCEPT);

    begin_rule_of(nft, "prerouting", family);
    match_protocol(nft, v4 ? IPPROTO_ICMP : IPPROTO_ICMPV6);
    load_icmp_type(nft);
    nft_equal(nft, v4 ? &request : &request6, sizeof(request));
    nft_meta(nft, NFT_META_IIF);
    nft_in_set(nft, "outbound");
    nft_set_mark(nft, ROUTER_FWMARK);
    nft_verdict(nft, NF_ACCEPT);
}

static void add_prerouting(struct nft *nft, const struct router_network *networks, size_t count)
{
    static const uint8_t yes = 1, no = 0;

    nft_chain(nft, &(struct nft_chain){.name = "prerouting",
                                       .hook = NF_INET_PRE_ROUTING,
                                       .priority = NF_IP_PRI_MANGLE,
                                       .policy = NF_ACCEPT});

    nft_rule(nft, "prerouting");
    nft_socket(nft, NFT_SOCKET_TRANSPARENT);
    nft_equal(nft, &yes, sizeof(yes));
    nft_socket(nft, NFT_SOCKET_WILDCARD);
    nft_equal(nft, &no, sizeof(no));
    nft_set_mark(nft, ROUTER_FWMARK);
    nft_verdict(nft, NF_ACCEPT);

    add_prerouting_ipv4(nft);
    add_prerouting_ipv6(nft, networks, count);
    add_outbound(nft, NFPROTO_IPV4);
    add_outbound(nft, NFPROTO_IPV6);
}

static void add_input(struct nft *nft)
{
    static const uint8_t protocols[] = {IPPROTO_TCP, IPPROTO_UDP};
    const uint32_t mark = ROUTER_FWMARK;
    const uint16_t port = htons(ROUTER_TPROXY_PORT);

    nft_chain(nft, &(struct nft_chain){.name = "input",
                                       .hook = NF_INET_LOCAL_IN,
                                       .priority = NF_IP_PRI_FILTER,
                                       .policy = NF_ACCEPT});
    for (size_t i = 0; i < sizeof(protocols); i++) {
        nft_rule(nft, "input");
        nft_meta(nft, NFT_META_MARK);
        nft_unequal(nft, &mark, sizeof(mark));
        match_protocol(nft, protocols[i]);
        nft_payload(nft, NFT_PAYLOAD_TRANSPORT_HEADER, PORT_DESTINATION_OFFSET, sizeof(port));
        nft_equal(nft, &port, sizeof(port));
        nft_verdict(nft, NF_DROP);
    }
}

/* TCP is reset: an ICMP error arrives while connect() still holds the socket, on the same machine,
 * and then counts only after the next SYN, a second later. */
static void add_forward(struct nft *nft)
{
    nft_chain(nft, &(struct nft_chain){.name = "forward",
                                       .hook = NF_INET_FORWARD,
                                       .priority = NF_IP_PRI_FILTER,
                                       .policy = NF_DROP});
    nft_rule(nft, "forward");
    match_protocol(nft, IPPROTO_TCP);
    nft_reset(nft);
    nft_rule(nft, "forward");
    nft_reject(nft);
}

/* An echo reply of the family that the worker has not sent. */
static void begin_rule_of_kernels_reply(struct nft *nft, uint8_t family)
{
    static const uint8_t reply = ICMP_ECHOREPLY, reply6 = ICMP6_ECHO_REPLY;
    const uint32_t mark = ROUTER_ECHO_MARK;
    bool v4 = family == NFPROTO_IPV4;

    begin_rule_of(nft, "output", family);
    match_protocol(nft, v4 ? IPPROTO_ICMP : IPPROTO_ICMPV6);
    load_icmp_type(nft);
    nft_equal(nft, v4 ? &reply : &reply6, sizeof(reply));
    nft_meta(nft, NFT_META_MARK);
    nft_unequal(nft, &mark, sizeof(mark));
}

static void add_output(struct nft *nft, const struct router_network *networks, size_t count)
{
    nft_chain(nft, &(struct nft_chain){.name = "output",
                                       .hook = NF_INET_LOCAL_OUT,
                                       .priority = NF_IP_PRI_FILTER,
                                       .policy = NF_ACCEPT});
    begin_rule_of_kernels_reply(nft, NFPROTO_IPV4);
    nft_payload(nft, NFT_PAYLOAD_NETWORK_HEADER, IPV4_SOURCE_OFFSET, sizeof(uint32_t));
    nft_not_in_set(nft, "subnets");
    nft_verdict(nft, NF_DROP);
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < networks[i].n_subnets6; k++) {
            begin_rule_of_kernels_reply(nft, NFPROTO_IPV6);
            match_address6(nft, IPV6_SOURCE_OFFSET, &networks[i].subnets6[k]);
            nft_verdict(nft, NF_ACCEPT);
        }
    begin_rule_of_kernels_reply(nft, NFPROTO_IPV6);
    match_address6(nft, IPV6_SOURCE_OFFSET, &link_local);
    nft_verdict(nft, NF_ACCEPT);
    begin_rule_of_kernels_reply(nft, NFPROTO_IPV6);
    nft_verdict(nft, NF_DROP);
}

int router_rules_load(struct netlink *netfilter, const struct router_network *networks,
                      size_t count, struct error *err)
{
    scoped(nft_free) struct nft *nft = nft_new("yawl");

    add_sets(nft, networks, count);
    add_prerouting(nft, networks, count);
    add_input(nft);
    add_forward(nft);
    add_output(nft, networks, count);
    return nft_commit(nft, netfilter, err);
}
