/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a message must hold to be applied, by operation.
 */
#include "net/worker_state.h"

#include "net/inet_address.h"
#include "net/net.h"
#include "net/net_limits.h"

static int check_address(const char *text, bool v4, struct error *err)
{
    struct inet_address address;

    if (!text)
        return 0;
    if (inet_address_parse(text, 0, &address, err) < 0)
        return -1;
    if (inet_address_is_v4(&address) != v4)
        return error_set(err, "'%s' is not an IPv%d address", text, v4 ? 4 : 6);
    return 0;
}

static int check_entry(const struct worker_entry *entry, struct error *err)
{
    if (!entry->network || (!entry->address && !entry->address6))
        return error_set(err, "an entry without network or address");
    if (check_address(entry->address, true, err) < 0 ||
        check_address(entry->address6, false, err) < 0)
        return -1;
    if (entry->names.count > NET_LIMIT_NAMES)
        return error_set(err, "more than %d names", NET_LIMIT_NAMES);
    return 0;
}

static int check_endpoint(const struct worker_message *message, struct error *err)
{
    if (!message->instance || message->instance[0] == '\0')
        return error_set(err, "no instance");
    if (message->n_entries > NET_LIMIT_ENTRIES)
        return error_set(err, "more than %d networks of one instance", NET_LIMIT_ENTRIES);
    if (message->links.count > NET_LIMIT_NAMES)
        return error_set(err, "more than %d links", NET_LIMIT_NAMES);
    if (message->host_access < HOST_ACCESS_NONE || message->host_access > HOST_ACCESS_LOOPBACK)
        return error_set(err, "host access %d", message->host_access);
    for (size_t i = 0; i < message->n_entries; i++)
        if (check_entry(&message->entries[i], err) < 0)
            return -1;
    return 0;
}

static int check_port(const struct worker_message *message, struct error *err)
{
    struct inet_address address;

    if (!message->key || !message->instance || !message->address)
        return error_set(err, "a port without key, instance or address");
    if (inet_address_parse(message->address, 0, &address, err) < 0)
        return -1;
    if (message->port < 1 || message->port > UINT16_MAX)
        return error_set(err, "port %d is not in 1-65535", message->port);
    return 0;
}

int worker_message_check(const struct worker_message *message, struct error *err)
{
    switch (message->op) {
    case WORKER_ROUTER:
    case WORKER_SYNC_BEGIN:
    case WORKER_SYNC_END:
    case WORKER_QUIT:
    case WORKER_REPORT:
    case WORKER_FENCE:
        return 0;
    case WORKER_NETWORK:
        if (!message->network || !message->subnet)
            return error_set(err, "a network without name or subnet");
        if (message->more_subnets.count > NET_LIMIT_SUBNETS)
            return error_set(err, "more than %d subnets", NET_LIMIT_SUBNETS);
        return 0;
    case WORKER_ENDPOINT:
        return check_endpoint(message, err);
    case WORKER_ENDPOINT_GONE:
        return message->instance ? 0 : error_set(err, "no instance");
    case WORKER_RANK:
        if (!message->instance || message->rank < NAME_HIDDEN || message->rank > NAME_READY)
            return error_set(err, "no instance, or rank %d", message->rank);
        return 0;
    case WORKER_DECLARED:
        if (message->names.count > NET_LIMIT_DECLARED)
            return error_set(err, "more than %d declared names", NET_LIMIT_DECLARED);
        return 0;
    case WORKER_PORT:
        return check_port(message, err);
    case WORKER_PORT_GONE:
        return message->key ? 0 : error_set(err, "no key");
    default:
        return error_set(err, "unknown operation %d", message->op);
    }
}
