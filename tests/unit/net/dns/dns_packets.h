/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DNS from the asker's side: questions are made, answers taken apart.
 */
#ifndef YAWL_TESTS_UNIT_NET_DNS_DNS_PACKETS_H
#define YAWL_TESTS_UNIT_NET_DNS_DNS_PACKETS_H

#include <netinet/in.h>

#include "net/dns/dns_message.h"

enum { PACKET_MAX_ANSWERS = 4096 };

/* What an answer says. */
struct packet_answer {
    struct dns_message head;
    size_t size;
    size_t n_addresses;
    char addresses[PACKET_MAX_ANSWERS][INET6_ADDRSTRLEN];
    uint32_t longest_ttl;
    char pointer[DNS_NAME_TEXT_SIZE]; /* of a PTR, and the target of a SRV */
    unsigned port;                    /* of a SRV */
    size_t n_services;
};

/* edns_bytes 0: without EDNS. Returns the length. */
size_t packet_question(uint8_t *bytes, size_t size, const char *name, uint16_t type,
                       uint16_t edns_bytes);

/* Fails the test when the packet is malformed. */
void packet_read(const uint8_t *bytes, size_t size, struct packet_answer *ret_answer);

#endif
