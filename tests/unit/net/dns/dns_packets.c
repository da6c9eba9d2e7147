/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/net/dns/dns_packets.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>

size_t packet_question(uint8_t *bytes, size_t size, const char *name, uint16_t type,
                       uint16_t edns_bytes)
{
    struct dns_message message = {.id = 0x4711,
                                  .recursion_desired = true,
                                  .n_questions = 1,
                                  .type = type,
                                  .class = DNS_CLASS_IN,
                                  .edns = edns_bytes > 0,
                                  .edns_bytes = edns_bytes};
    size_t length;

    cr_assert(dns_name_from_text(name, &message.name));
    length = dns_message_encode(&message, bytes, size);
    cr_assert_gt(length, 0);
    return length;
}

/* Priority, weight, port, and the target, which is not compressed. */
static void read_service(const struct dns_record *record, struct packet_answer *answer)
{
    struct dns_name target = {.length = record->data_length - 6U};

    cr_assert_geq(record->data_length, 7);
    cr_assert_leq(target.length, sizeof(target.wire));
    memcpy(target.wire, record->data + 6, target.length);
    cr_assert(dns_name_to_text(&target, answer->pointer));
    answer->port = (unsigned)record->data[4] << 8 | record->data[5];
    answer->n_services++;
}

void packet_read(const uint8_t *bytes, size_t size, struct packet_answer *ret_answer)
{
    struct error err = {0};
    size_t at;

    *ret_answer = (struct packet_answer){.size = size};
    cr_assert_eq(dns_message_decode(&ret_answer->head, bytes, size, &err), 0, "%s", err.text);
    at = ret_answer->head.answers_at;
    for (unsigned i = 0; i < ret_answer->head.n_answers; i++) {
        struct dns_record record;

        cr_assert(dns_record_next(bytes, size, &at, &record));
        cr_expect(dns_name_equal(&record.name, &ret_answer->head.name));
        if (record.ttl > ret_answer->longest_ttl)
            ret_answer->longest_ttl = record.ttl;
        if (record.type == DNS_A && record.data_length == 4)
            cr_assert(inet_ntop(AF_INET, record.data,
                                ret_answer->addresses[ret_answer->n_addresses++], 16));
        if (record.type == DNS_AAAA && record.data_length == 16)
            cr_assert(inet_ntop(AF_INET6, record.data,
                                ret_answer->addresses[ret_answer->n_addresses++],
                                INET6_ADDRSTRLEN));
        if (record.type == DNS_PTR)
            cr_assert(dns_name_to_text(&record.target, ret_answer->pointer));
        if (record.type == DNS_SRV)
            read_service(&record, ret_answer);
    }
}
