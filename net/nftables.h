/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nftables rules as netlink messages, one transaction per ruleset (linux/netfilter/nf_tables.h; no
 * text, no library but libnl).
 *
 *     struct nft *nft = nft_new("yawl");                 begins: the table is new whatever was
 * there nft_chain(nft, &(struct nft_chain){...}); nft_rule(nft, "forward"); nft_verdict(nft,
 * NF_DROP); nft_commit(nft, netlink, err);                     all of it or nothing
 *
 * A rule is a row of expressions that share register 1; the first that does not match ends it.
 */
#ifndef YAWL_NET_NFTABLES_H
#define YAWL_NET_NFTABLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/error.h"
#include "net/netlink.h"

struct nft;

/* An inet table that replaces what had its name. `table` is borrowed. */
struct nft *nft_new(const char *table);
/* The same, but of the socket that commits it: nobody else can change it, and it goes with the
 * socket. Every commit of the table has to be of this kind, by the same socket. */
struct nft *nft_new_owned(const char *table);
void nft_free(struct nft *nft);
DEFINE_SCOPED(struct nft *, nft_free)

/* netlink: a NETLINK_NETFILTER socket of the namespace that gets the rules. */
MUST_CHECK int nft_commit(struct nft *nft, struct netlink *netlink, struct error *err);
/* An owned table goes, by the socket that it belongs to; one that is not there is no error. */
MUST_CHECK int nft_remove_owned(const char *table, struct netlink *netlink, struct error *err);

struct nft_chain {
    const char *name;
    int hook;     /* NF_INET_PRE_ROUTING ... */
    int priority; /* NF_IP_PRI_MANGLE ... */
    int policy;   /* NF_ACCEPT or NF_DROP */
    bool nat;     /* sees the first packet of a connection, and may change where it goes */
};
void nft_chain(struct nft *nft, const struct nft_chain *chain);

/* A set of 4-byte keys, in the byte order in which they are compared. `key_type` is for nft(8) to
 * show. */
enum { NFT_TYPE_IPV4 = 7, NFT_TYPE_IFINDEX = 20 };
void nft_set(struct nft *nft, const char *name, int key_type);
void nft_set_add(struct nft *nft, const char *set, const void *key);
/* A set of address ranges; first and last in host byte order. */
void nft_range_set(struct nft *nft, const char *name);
void nft_range_set_add(struct nft *nft, const char *set, uint32_t first, uint32_t last);

/* Begins a rule at the end of the chain; the expressions below belong to it until the next call of
 * another kind. */
void nft_rule(struct nft *nft, const char *chain);

/* Loads: NFT_META_* of the packet, or length bytes at offset of its NFT_PAYLOAD_*_HEADER. */
void nft_meta(struct nft *nft, uint32_t key);
void nft_payload(struct nft *nft, uint32_t header, uint32_t offset, uint32_t length);
/* NFT_SOCKET_* of the socket that the packet is for; ends the rule when there is none. */
void nft_socket(struct nft *nft, uint32_t key);
/* The kind of the packet's destination, RTN_*. */
void nft_destination_kind(struct nft *nft);
/* NFT_CT_* of the packet's connection, a set of bits. */
void nft_connection(struct nft *nft, uint32_t key);
/* Keeps the bits of a value of at most 16 bytes. */
void nft_mask(struct nft *nft, const void *mask, size_t length);

/* Matches: equal, unequal, member of a set. */
void nft_equal(struct nft *nft, const void *value, size_t length);
void nft_unequal(struct nft *nft, const void *value, size_t length);
void nft_in_set(struct nft *nft, const char *set);
void nft_not_in_set(struct nft *nft, const char *set);

/* Acts. */
void nft_set_mark(struct nft *nft, uint32_t mark);
/* To the transparent socket of the family (NFPROTO_IPV4, NFPROTO_IPV6) on this port; ends the rule
 * when nobody listens there. */
void nft_tproxy(struct nft *nft, uint32_t family, uint16_t port);
/* To another port of the same IPv4 address, and back; in a chain of nat alone. */
void nft_to_port(struct nft *nft, uint16_t port);
/* To another IPv4 address (host byte order) and port, and back; likewise. */
void nft_to_address(struct nft *nft, uint32_t address, uint16_t port);
/* From the address of the interface where it leaves; likewise. */
void nft_masquerade(struct nft *nft);
void nft_verdict(struct nft *nft, int verdict);
/* Refuses: the sender of a TCP packet is reset, any other hears "administratively prohibited". */
void nft_reset(struct nft *nft);
void nft_reject(struct nft *nft);

#endif
