/* SPDX-License-Identifier: Apache-2.0 */
#include "net/relay/outbound_flows.h"

#include <stdlib.h>

#include "common/memory.h"

static void router_open(struct outbound_router *router, struct outbound_flows *outbound, int fd,
                        void (*ready)(void *router))
{
    router->outbound = outbound;
    router->fd = fd;
    if (fd >= 0)
        router->watch = fd_watch_new(outbound->engine->loop, fd, FD_READABLE, ready, router);
}

struct outbound_flows *outbound_flows_new(const struct outbound_flows_options *options)
{
    struct outbound_flows *outbound = memory_new(struct outbound_flows);
    struct flow_table_options table = {.loop = options->engine->loop,
                                       .max_flows = options->max_flows,
                                       .max_per_source = options->max_per_source,
                                       .end = options->end};

    outbound->engine = options->engine;
    outbound->ports = options->ports;
    outbound->kind = options->kind;
    outbound->table = flow_table_new(&table);
    router_open(&outbound->ipv4, outbound, options->ipv4_fd, options->ready);
    router_open(&outbound->ipv6, outbound, options->ipv6_fd, options->ready);
    return outbound;
}

void outbound_flows_free(struct outbound_flows *outbound)
{
    if (!outbound)
        return;
    fd_watch_free(outbound->ipv4.watch);
    fd_watch_free(outbound->ipv6.watch);
    flow_table_free(outbound->table);
    free(outbound);
}

void outbound_flows_abort(struct outbound_flows *outbound, const struct inet_address *container)
{
    flow_table_clear(outbound->table, container);
}

size_t outbound_flows_count(const struct outbound_flows *outbound)
{
    return flow_table_count(outbound->table);
}

enum outbound_admission outbound_flows_admit(struct outbound_flows *outbound,
                                             const struct flow_key *key,
                                             struct inet_address *ret_destination)
{
    struct outbound_flow_ends ends = {outbound->kind, key->from, key->to};

    if (!destination_settle(outbound->engine, outbound->ports, &ends, ret_destination))
        return OUTBOUND_FORBIDDEN;
    return flow_table_admits_source(outbound->table, &key->from) &&
                   flow_table_make_room(outbound->table)
               ? OUTBOUND_ADMITTED
               : OUTBOUND_FULL;
}
