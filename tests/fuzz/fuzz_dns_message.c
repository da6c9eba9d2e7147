/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any packet is decoded, answered as a question, and read record by record.
 */
#include <arpa/inet.h>
#include <string.h>

#include "net/dns/dns_answer.h"
#include "tests/fuzz/fuzz.h"

static void answer(const uint8_t *data, size_t size, bool tcp)
{
    const char *names[] = {"web", "a", "_http._tcp.web=80"};
    const char *declared[] = {"db"};
    scoped(dns_names_free) struct dns_names *known = dns_names_new();
    scoped(network_table_free) struct network_table *networks = network_table_new();
    struct dns_place place = {.network = "default",
                              .names = {.items = names, .count = ARRAY_LENGTH(names)}};
    struct dns_asker asker = {.instance = "web-1", .may_forward = true, .tcp = tcp};
    uint8_t copy[DNS_MESSAGE_BYTES], out[DNS_MESSAGE_BYTES];
    struct dns_buffer query = {.bytes = copy, .size = size, .length = size};
    struct dns_buffer reply = {.bytes = out, .size = sizeof(out)};
    struct dns_message message;

    if (size > sizeof(copy))
        return;
    memcpy(copy, data, size);
    place.address.s_addr = htonl(0x0a590002);
    dns_names_set_project(known, "shop");
    dns_names_set(known, "web-1", &place, 1);
    dns_names_set_rank(known, "web-1", NAME_READY);
    dns_names_declare(known, (struct string_list){.items = declared, .count = 1});
    if (dns_answer(known, networks, &asker, &query, &reply) == DNS_ANSWER) {
        fuzz_require(reply.length >= DNS_HEADER_BYTES);
        fuzz_require(dns_message_decode(&message, out, reply.length, NULL) == 0);
        fuzz_require(message.response);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dns_message message;
    struct dns_record record;
    size_t at;

    answer(data, size, false);
    answer(data, size, true);
    if (dns_message_decode(&message, data, size, NULL) < 0)
        return 0;
    fuzz_require(dns_message_survives_round_trip(&message));
    at = message.answers_at;
    for (unsigned i = 0; i < message.n_answers && message.n_questions == 1 && message.opcode == 0;
         i++)
        fuzz_require(dns_record_next(data, size, &at, &record));
    return 0;
}
