/* SPDX-License-Identifier: Apache-2.0 */
/*
 * UDP and echo flows by who talks to whom, in the order of their last datagram. A flow ends after a
 * silence, shorter while no reply has come; when the table is full, the longest silent one without
 * a reply makes room.
 *
 * A flow is the first member of its owner's struct; the owner frees it when the table calls `end`.
 */
#ifndef YAWL_NET_RELAY_FLOW_TABLE_H
#define YAWL_NET_RELAY_FLOW_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/loop.h"
#include "net/inet_address.h"

struct flow_key {
    struct inet_address from, to;
};

struct flow {
    struct flow_key key;
    /* The table's own. */
    struct flow *newer, *older, *same_bucket;
    uint64_t last_ms;
    bool replied;
};

struct flow_table;

struct flow_table_options {
    struct loop *loop;
    size_t max_flows;
    size_t max_per_source;               /* of one address, whatever its port */
    void (*end)(struct flow *take_flow); /* the flow is out of the table already */
};

struct flow_table *flow_table_new(const struct flow_table_options *options);
/* Ends all flows. */
void flow_table_free(struct flow_table *table);
DEFINE_SCOPED(struct flow_table *, flow_table_free)

struct flow *flow_table_find(const struct flow_table *table, const struct flow_key *key);
/* Ends a flow that got no reply if the table is full. False when there is none such. */
bool flow_table_make_room(struct flow_table *table);
/* Whether this address has fewer flows than max_per_source. */
bool flow_table_admits_source(const struct flow_table *table, const struct inet_address *source);
/* There must be room, and no flow of this key. */
void flow_table_add(struct flow_table *table, struct flow *take_flow);
/* A datagram passed; `reply`: towards the key's `from`. */
void flow_table_touch(struct flow_table *table, struct flow *flow, bool reply);
/* Ends one. */
void flow_table_remove(struct flow_table *table, struct flow *flow);
/* Ends those from or to this host; NULL: all. */
void flow_table_clear(struct flow_table *table, const struct inet_address *host);

size_t flow_table_count(const struct flow_table *table);

#endif
