/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One DNS question to its answer, as far as the project's own names go. Pure: no socket, no clock.
 *
 * An own name has A records with TTL 0; of every other type it has none (NOERROR without records:
 * musl gives up on NXDOMAIN for AAAA). A declared name behind which nothing runs is NXDOMAIN.
 */
#ifndef YAWL_NET_DNS_DNS_ANSWER_H
#define YAWL_NET_DNS_DNS_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/dns/dns_message.h"
#include "net/dns/dns_names.h"
#include "net/network_table.h"

struct dns_asker {
    const char *instance;
    bool may_forward; /* not when all its networks are internal */
    bool tcp;
};

enum dns_verdict {
    DNS_DROP,    /* malformed: no answer */
    DNS_ANSWER,  /* out->length bytes are in it */
    DNS_FORWARD, /* not ours: ask a name server */
};

struct dns_buffer {
    uint8_t *bytes;
    size_t size;
    size_t length; /* of what is in it */
};

enum dns_verdict dns_answer(struct dns_names *names, const struct network_table *networks,
                            const struct dns_asker *asker, const struct dns_buffer *query,
                            struct dns_buffer *out);

/* The question with an error code, for what could not be forwarded. False when it is malformed. */
bool dns_answer_failure(const struct dns_buffer *query, enum dns_rcode rcode,
                        struct dns_buffer *out);

#endif
