/* SPDX-License-Identifier: Apache-2.0 */
/*
 *   prerouting   of another machine, to a published port      -> to the container (DNAT)
 *   postrouting  from a container, not to one of our networks -> from the host's address
 *   forward      between our networks, to a link-local address -> refused
 *                to a container: answers, published ports     -> accepted
 *                anything else to a container                 -> refused
 *   input        from a container to the host: answers, ICMP,
 *                published ports                              -> accepted
 *                anything else                                -> refused; 169.254.1.2 is the way
 *
 * What comes from a container to a published port of the host is not translated: it reaches the
 * worker's socket like that of any program of the host. To accept here does not mean to accept for
 * the host's own rules: each table has its say.
 */
#include "net/uplink_rules.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter_ipv4.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>

#include "net/nftables.h"

enum { SOURCE_OFFSET = 12, DESTINATION_OFFSET = 16, PORT_OFFSET = 2 };
/* Bits of NFT_CT_STATE: 1 << (state + 1). */
enum { STATE_ANSWERS = 1 << (IP_CT_ESTABLISHED + 1) | 1 << (IP_CT_RELATED + 1) };

#define UPLINKS "uplinks"
#define SUBNETS "subnets"

static void add_sets(struct nft *nft, const struct uplink_rules *rules)
{
    nft_set(nft, UPLINKS, NFT_TYPE_IFINDEX);
    nft_range_set(nft, SUBNETS);
    for (size_t i = 0; i < rules->n_networks; i++) {
        struct ipv4_prefix subnet = rules->networks[i].subnet;

        nft_set_add(nft, UPLINKS, &rules->networks[i].ifindex);
        nft_range_set_add(nft, SUBNETS, subnet.address, ipv4_prefix_last(subnet));
    }
}

static void match_interface(struct nft *nft, uint32_t key)
{
    nft_meta(nft, key);
    nft_in_set(nft, UPLINKS);
}

static void match_bits(struct nft *nft, uint32_t key, uint32_t bits)
{
    const uint32_t none = 0;

    nft_connection(nft, key);
    nft_mask(nft, &bits, sizeof(bits));
    nft_unequal(nft, &none, sizeof(none));
}

static void match_protocol(struct nft *nft, uint8_t protocol)
{
    nft_meta(nft, NFT_META_L4PROTO);
    nft_equal(nft, &protocol, sizeof(protocol));
}

static void match_port(struct nft *nft, const struct uplink_port *port)
{
    const uint16_t wire = htons(port->host_port);

    match_protocol(nft, port->udp ? IPPROTO_UDP : IPPROTO_TCP);
    nft_payload(nft, NFT_PAYLOAD_TRANSPORT_HEADER, PORT_OFFSET, sizeof(wire));
    nft_equal(nft, &wire, sizeof(wire));
}

static void match_ipv4(struct nft *nft)
{
    const uint8_t family = NFPROTO_IPV4;

    nft_meta(nft, NFT_META_NFPROTO);
    nft_equal(nft, &family, sizeof(family));
}

static void match_host(struct nft *nft, const struct uplink_port *port)
{
    const uint32_t wire = htonl(port->host_address), local = RTN_LOCAL;

    if (port->host_address) {
        nft_payload(nft, NFT_PAYLOAD_NETWORK_HEADER, DESTINATION_OFFSET, sizeof(wire));
        nft_equal(nft, &wire, sizeof(wire));
    } else {
        nft_destination_kind(nft);
        nft_equal(nft, &local, sizeof(local));
    }
}

static void add_prerouting(struct nft *nft, const struct uplink_rules *rules)
{
    nft_chain(nft, &(struct nft_chain){.name = "prerouting",
                                       .hook = NF_INET_PRE_ROUTING,
                                       .priority = NF_IP_PRI_NAT_DST,
                                       .policy = NF_ACCEPT,
                                       .nat = true});
    nft_rule(nft, "prerouting");
    match_interface(nft, NFT_META_IIF);
    nft_verdict(nft, NF_ACCEPT);
    for (size_t i = 0; i < rules->n_ports; i++) {
        nft_rule(nft, "prerouting");
        match_ipv4(nft);
        match_host(nft, &rules->ports[i]);
        match_port(nft, &rules->ports[i]);
        nft_to_address(nft, rules->ports[i].address, rules->ports[i].container_port);
    }
}

static void add_postrouting(struct nft *nft)
{
    nft_chain(nft, &(struct nft_chain){.name = "postrouting",
                                       .hook = NF_INET_POST_ROUTING,
                                       .priority = NF_IP_PRI_NAT_SRC,
                                       .policy = NF_ACCEPT,
                                       .nat = true});
    nft_rule(nft, "postrouting");
    match_ipv4(nft);
    nft_payload(nft, NFT_PAYLOAD_NETWORK_HEADER, SOURCE_OFFSET, sizeof(uint32_t));
    nft_in_set(nft, SUBNETS);
    nft_meta(nft, NFT_META_OIF);
    nft_not_in_set(nft, UPLINKS);
    nft_masquerade(nft);
}

/* Two rules: TCP is reset, all else is told. `key` is NFT_META_IIF or NFT_META_OIF. */
static void refuse(struct nft *nft, const char *chain, uint32_t key)
{
    nft_rule(nft, chain);
    match_interface(nft, key);
    match_protocol(nft, IPPROTO_TCP);
    nft_reset(nft);
    nft_rule(nft, chain);
    match_interface(nft, key);
    nft_reject(nft);
}

static void add_forward(struct nft *nft)
{
    const uint32_t link_local = htonl(0xa9fe0000), link_local_mask = htonl(0xffff0000);

    nft_chain(nft, &(struct nft_chain){.name = "forward",
                                       .hook = NF_INET_FORWARD,
                                       .priority = NF_IP_PRI_FILTER,
                                       .policy = NF_ACCEPT});
    nft_rule(nft, "forward");
    match_interface(nft, NFT_META_IIF);
    match_interface(nft, NFT_META_OIF);
    nft_reject(nft);
    /* What answers there serves the host: the metadata of a cloud, for one. */
    nft_rule(nft, "forward");
    match_interface(nft, NFT_META_IIF);
    match_ipv4(nft);
    nft_payload(nft, NFT_PAYLOAD_NETWORK_HEADER, DESTINATION_OFFSET, sizeof(link_local));
    nft_mask(nft, &link_local_mask, sizeof(link_local_mask));
    nft_equal(nft, &link_local, sizeof(link_local));
    nft_reject(nft);
    nft_rule(nft, "forward");
    match_interface(nft, NFT_META_OIF);
    match_bits(nft, NFT_CT_STATE, STATE_ANSWERS);
    nft_verdict(nft, NF_ACCEPT);
    nft_rule(nft, "forward");
    match_interface(nft, NFT_META_OIF);
    match_bits(nft, NFT_CT_STATUS, IPS_DST_NAT);
    nft_verdict(nft, NF_ACCEPT);
    refuse(nft, "forward", NFT_META_OIF);
}

static void add_input(struct nft *nft, const struct uplink_rules *rules)
{
    nft_chain(nft, &(struct nft_chain){.name = "input",
                                       .hook = NF_INET_LOCAL_IN,
                                       .priority = NF_IP_PRI_FILTER,
                                       .policy = NF_ACCEPT});
    nft_rule(nft, "input");
    match_interface(nft, NFT_META_IIF);
    match_bits(nft, NFT_CT_STATE, STATE_ANSWERS);
    nft_verdict(nft, NF_ACCEPT);
    nft_rule(nft, "input");
    match_interface(nft, NFT_META_IIF);
    match_protocol(nft, IPPROTO_ICMP);
    nft_verdict(nft, NF_ACCEPT);
    for (size_t i = 0; i < rules->n_ports; i++) {
        nft_rule(nft, "input");
        match_interface(nft, NFT_META_IIF);
        match_ipv4(nft);
        match_host(nft, &rules->ports[i]);
        match_port(nft, &rules->ports[i]);
        nft_verdict(nft, NF_ACCEPT);
    }
    refuse(nft, "input", NFT_META_IIF);
}

int uplink_rules_load(struct netlink *netfilter, const char *table,
                      const struct uplink_rules *rules, struct error *err)
{
    scoped(nft_free) struct nft *nft = nft_new_owned(table);

    add_sets(nft, rules);
    add_prerouting(nft, rules);
    add_postrouting(nft);
    add_forward(nft);
    add_input(nft, rules);
    return nft_commit(nft, netfilter, err);
}
