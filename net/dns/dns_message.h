/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The DNS wire format (RFC 1035, RFC 6891): questions in, answers out, records of answers for
 * whoever reads them. Packets come from containers and name servers and may be anything.
 */
#ifndef YAWL_NET_DNS_DNS_MESSAGE_H
#define YAWL_NET_DNS_DNS_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

enum {
    DNS_HEADER_BYTES = 12,
    DNS_NAME_BYTES = 255, /* with length bytes and the root's */
    DNS_NAME_TEXT_SIZE = 256,
    DNS_UDP_BYTES = 512, /* of an answer to an asker without EDNS */
    DNS_MESSAGE_BYTES = 65535,
};

enum { DNS_A = 1, DNS_PTR = 12, DNS_AAAA = 28, DNS_SRV = 33, DNS_OPT = 41, DNS_ANY = 255 };
enum { DNS_CLASS_IN = 1, DNS_CLASS_ANY = 255 };
enum dns_rcode {
    DNS_NOERROR = 0,
    DNS_FORMERR = 1,
    DNS_SERVFAIL = 2,
    DNS_NXDOMAIN = 3,
    DNS_NOTIMP = 4,
    DNS_REFUSED = 5,
};

/* As on the wire, uncompressed: length-prefixed labels, the root's empty one last. Case is kept. */
struct dns_name {
    uint8_t length;
    uint8_t wire[DNS_NAME_BYTES];
};

/* The header, the question, and what EDNS says. */
struct dns_message {
    uint16_t id;
    uint8_t opcode, rcode;
    bool response, authoritative, truncated, recursion_desired, recursion_available;
    bool checking_disabled, authentic;
    uint16_t n_questions, n_answers; /* as the header claims */
    struct dns_name name;            /* of the one question; n_questions is 1 then */
    uint16_t type, class;
    bool edns, edns_do;
    uint8_t edns_version;
    uint16_t edns_bytes; /* what the sender takes over UDP; at least 512 */
    size_t answers_at;   /* offset of the first answer */
};

/*
 * Fails for what is too short, has a bad name or a section that overruns the packet. A header with
 * another opcode than QUERY, or with no or several questions, decodes to the header alone.
 */
MUST_CHECK int dns_message_decode(struct dns_message *ret_message, const uint8_t *bytes,
                                  size_t size, struct error *err);

/* Header, question and OPT without answers: a query, or the fixed part of an answer. Returns the
 * length, 0 when `size` is too small. */
size_t dns_message_encode(const struct dns_message *message, uint8_t *bytes, size_t size);

/* Appends the OPT record to an answer of `length` bytes whose other records are complete. Returns
 * the new length, 0 when `size` is too small. */
size_t dns_message_put_edns(const struct dns_message *message, uint8_t *bytes, size_t size,
                            size_t length);
enum { DNS_EDNS_BYTES = 11 }; /* what that takes */

/* Encoding and decoding again gives the same message. For tests. */
bool dns_message_survives_round_trip(const struct dns_message *message);

struct dns_record {
    struct dns_name name;
    uint16_t type, class;
    uint32_t ttl;
    struct dns_name target; /* of a PTR */
    const uint8_t *data;    /* in the packet */
    uint16_t data_length;
};

/* Reads the record at *offset and moves on; false when it is malformed. */
bool dns_record_next(const uint8_t *bytes, size_t size, size_t *offset,
                     struct dns_record *ret_record);

/* "web.example", without a final dot; false when it has bytes that no host name of ours has. Lower
 * case. */
bool dns_name_to_text(const struct dns_name *name, char ret_text[DNS_NAME_TEXT_SIZE]);
/* False when it is too long or has an empty label. A final dot is taken. */
bool dns_name_from_text(const char *text, struct dns_name *ret_name);
bool dns_name_equal(const struct dns_name *a, const struct dns_name *b); /* case counts */

#endif
