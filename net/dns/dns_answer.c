/* SPDX-License-Identifier: Apache-2.0 */
#include "net/dns/dns_answer.h"

#include <arpa/inet.h>
#include <string.h>

#include "common/text.h"
#include "net/inet_address.h"
#include "net/net_limits.h"

enum { RECORD_HEAD_BYTES = 12, QUESTION_POINTER = 0xc000 | DNS_HEADER_BYTES };

/* An answer under construction; room for the OPT record is set aside. */
struct answer {
    struct dns_message head;
    struct dns_buffer *out;
    size_t limit;
    unsigned n_records;
};

static size_t answer_limit(const struct dns_message *query, bool tcp, size_t size)
{
    size_t limit = tcp                                     ? NET_DNS_TCP_BYTES
                   : !query->edns                          ? DNS_UDP_BYTES
                   : query->edns_bytes < NET_DNS_UDP_BYTES ? query->edns_bytes
                                                           : NET_DNS_UDP_BYTES;

    return limit < size ? limit : size;
}

static void answer_begin(struct answer *answer, const struct dns_message *query, bool tcp,
                         struct dns_buffer *out)
{
    *answer = (struct answer){.head = *query, .out = out};
    answer->head.response = true;
    answer->head.authoritative = query->opcode == 0;
    answer->head.truncated = false;
    answer->head.recursion_available = true;
    answer->head.authentic = false;
    answer->head.rcode = DNS_NOERROR;
    answer->head.edns = false;
    answer->limit = answer_limit(query, tcp, out->size) - (query->edns ? DNS_EDNS_BYTES : 0);
    out->length = dns_message_encode(&answer->head, out->bytes, answer->limit);
}

static void put_u16(uint8_t *bytes, unsigned value)
{
    bytes[0] = (uint8_t)(value >> 8);
    bytes[1] = (uint8_t)value;
}

/* A record about the name that was asked for. What does not fit cuts the answer: the asker comes by
 * TCP. */
static void answer_add(struct answer *answer, unsigned type, const void *data, size_t length)
{
    uint8_t *record = answer->out->bytes + answer->out->length;

    if (answer->head.truncated || answer->out->length == 0 ||
        answer->limit - answer->out->length < RECORD_HEAD_BYTES + length) {
        answer->head.truncated = true;
        return;
    }
    memset(record, 0, RECORD_HEAD_BYTES); /* the TTL stays 0 */
    put_u16(record, QUESTION_POINTER);
    put_u16(record + 2, type);
    put_u16(record + 4, DNS_CLASS_IN);
    put_u16(record + 10, (unsigned)length);
    memcpy(record + RECORD_HEAD_BYTES, data, length);
    answer->out->length += RECORD_HEAD_BYTES + length;
    answer->n_records++;
}

static enum dns_verdict answer_end(struct answer *answer, const struct dns_message *query)
{
    struct dns_buffer *out = answer->out;
    struct dns_message edns = {.edns_bytes = NET_DNS_UDP_BYTES, .edns_do = query->edns_do};

    if (out->length == 0)
        return DNS_DROP;
    /* Code and truncation are known only now. */
    (void)dns_message_encode(&answer->head, out->bytes, out->length);
    put_u16(out->bytes + 6, answer->n_records);
    if (query->edns)
        out->length = dns_message_put_edns(&edns, out->bytes, out->size, out->length);
    return out->length > 0 ? DNS_ANSWER : DNS_DROP;
}

static enum dns_verdict answer_with(const struct dns_message *query, enum dns_rcode rcode,
                                    struct dns_buffer *out)
{
    struct answer answer;

    answer_begin(&answer, query, false, out);
    answer.head.rcode = (uint8_t)rcode;
    answer.head.authoritative = query->opcode == 0 && rcode == DNS_NXDOMAIN;
    return answer_end(&answer, query);
}

/* Nibbles, the last one first: "1.0. ... .d.f.ip6.arpa". */
static bool reverse_address6(const char *name, struct inet_address *ret_address)
{
    static const char suffix[] = "ip6.arpa", digits[] = "0123456789abcdef";
    struct inet_address address = inet_address_any(AF_INET6, 0);
    uint8_t *bytes = address.v6.sin6_addr.s6_addr;
    enum { NIBBLES = 32 };

    if (strlen(name) != 2 * NIBBLES + sizeof(suffix) - 1 || !string_ends_with(name, suffix))
        return false;
    for (size_t i = 0; i < NIBBLES; i++) {
        const char *digit = strchr(digits, name[2 * i]);
        size_t nibble = NIBBLES - 1 - i;

        if (!digit || name[2 * i + 1] != '.')
            return false;
        bytes[nibble / 2] |= (uint8_t)((size_t)(digit - digits) << (nibble % 2 ? 0 : 4));
    }
    *ret_address = address;
    return true;
}

/* "4.3.2.1.in-addr.arpa" is 1.2.3.4. */
static bool reverse_address4(const char *name, struct inet_address *ret_address)
{
    static const char suffix[] = ".in-addr.arpa";
    char text[INET_ADDRSTRLEN];
    struct in_addr backwards;
    size_t length = strlen(name);

    if (!string_ends_with(name, suffix) || length - (sizeof(suffix) - 1) >= sizeof(text))
        return false;
    length -= sizeof(suffix) - 1;
    memcpy(text, name, length);
    text[length] = '\0';
    if (inet_pton(AF_INET, text, &backwards) != 1)
        return false;
    backwards.s_addr = __builtin_bswap32(backwards.s_addr);
    *ret_address = inet_address_v4(backwards, 0);
    return true;
}

static bool reverse_address(const char *name, struct inet_address *ret_address)
{
    return reverse_address4(name, ret_address) || reverse_address6(name, ret_address);
}

/* The addresses of one family. */
static void answer_add_addresses(struct answer *answer, const struct dns_found *found, bool v4)
{
    for (size_t i = 0; i < found->n_addresses; i++) {
        const struct inet_address *address = &found->addresses[i];

        if (inet_address_is_v4(address) != v4)
            continue;
        if (v4)
            answer_add(answer, DNS_A, &address->v4.sin_addr, sizeof(address->v4.sin_addr));
        else
            answer_add(answer, DNS_AAAA, &address->v6.sin6_addr, sizeof(address->v6.sin6_addr));
    }
}

/* Priority and weight are the same for all: 0. */
static void answer_add_service(struct answer *answer, const struct dns_service *service)
{
    enum { PORT_OFFSET = 4, TARGET_OFFSET = 6 };
    uint8_t data[TARGET_OFFSET + DNS_NAME_BYTES] = {0};
    struct dns_name target;

    if (!dns_name_from_text(service->target, &target))
        return;
    put_u16(data + PORT_OFFSET, service->port);
    memcpy(data + TARGET_OFFSET, target.wire, target.length);
    answer_add(answer, DNS_SRV, data, TARGET_OFFSET + target.length);
}

static enum dns_verdict not_ours(const struct dns_asker *asker, const struct dns_message *query,
                                 struct dns_buffer *out)
{
    return asker->may_forward ? DNS_FORWARD : answer_with(query, DNS_NXDOMAIN, out);
}

static enum dns_verdict answer_name(struct dns_names *names, const struct dns_asker *asker,
                                    const struct dns_message *query, const char *name,
                                    struct dns_buffer *out)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct answer answer;
    struct dns_found found;

    dns_names_lookup(names, asker->instance, name, arena, &found);
    if (found.owner == DNS_FOREIGN)
        return not_ours(asker, query, out);
    if (!found.exists)
        return answer_with(query, DNS_NXDOMAIN, out);
    answer_begin(&answer, query, asker->tcp, out);
    if (query->type == DNS_A || query->type == DNS_ANY)
        answer_add_addresses(&answer, &found, true);
    if (query->type == DNS_AAAA || query->type == DNS_ANY)
        answer_add_addresses(&answer, &found, false);
    for (size_t i = 0; i < found.n_services && (query->type == DNS_SRV || query->type == DNS_ANY);
         i++)
        answer_add_service(&answer, &found.services[i]);
    return answer_end(&answer, query);
}

static enum dns_verdict answer_reverse(struct dns_names *names, const struct dns_asker *asker,
                                       const struct dns_message *query,
                                       const struct inet_address *address, struct dns_buffer *out)
{
    scoped(arena_free) struct arena *arena = arena_new();
    const char *name;
    struct dns_name target;
    struct answer answer;

    if (dns_names_reverse(names, asker->instance, address, arena, &name) == DNS_FOREIGN)
        return not_ours(asker, query, out);
    if (!name || !dns_name_from_text(name, &target))
        return answer_with(query, DNS_NXDOMAIN, out);
    answer_begin(&answer, query, asker->tcp, out);
    answer_add(&answer, DNS_PTR, target.wire, target.length);
    return answer_end(&answer, query);
}

enum dns_verdict dns_answer(struct dns_names *names, const struct network_table *networks,
                            const struct dns_asker *asker, const struct dns_buffer *query,
                            struct dns_buffer *out)
{
    struct dns_message message;
    char name[DNS_NAME_TEXT_SIZE];
    struct inet_address address;

    if (dns_message_decode(&message, query->bytes, query->length, NULL) < 0 || message.response)
        return DNS_DROP;
    if (message.opcode != 0)
        return answer_with(&message, DNS_NOTIMP, out);
    if (message.n_questions != 1)
        return answer_with(&message, DNS_FORMERR, out);
    if (message.class != DNS_CLASS_IN && message.class != DNS_CLASS_ANY)
        return answer_with(&message, DNS_REFUSED, out);
    if (!dns_name_to_text(&message.name, name) || name[0] == '\0')
        return not_ours(asker, &message, out);

    if (message.type == DNS_PTR && reverse_address(name, &address)) {
        struct dns_asker local = *asker;

        /* Addresses of the project's subnets mean nothing to anybody else. */
        if (network_table_of(networks, &address))
            local.may_forward = false;
        return answer_reverse(names, &local, &message, &address, out);
    }
    return answer_name(names, asker, &message, name, out);
}

bool dns_answer_failure(const struct dns_buffer *query, enum dns_rcode rcode,
                        struct dns_buffer *out)
{
    struct dns_message message;

    return dns_message_decode(&message, query->bytes, query->length, NULL) == 0 &&
           answer_with(&message, rcode, out) == DNS_ANSWER;
}
