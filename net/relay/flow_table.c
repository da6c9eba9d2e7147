/* SPDX-License-Identifier: Apache-2.0 */
#include "net/relay/flow_table.h"

#include <stdlib.h>
#include <sys/random.h>

#include "common/memory.h"
#include "net/net_limits.h"

enum { FIRST_BUCKETS = 16 };

struct flow_table {
    struct flow_table_options options;
    struct flow **buckets;
    size_t n_buckets; /* a power of two */
    size_t count;
    struct flow *newest, *oldest;
    struct timer *expiry;
    bool armed;
    uint64_t seed;
};

static uint64_t key_hash(const struct flow_table *table, const struct flow_key *key)
{
    return inet_address_hash(&key->to, inet_address_hash(&key->from, table->seed));
}

static struct flow **bucket_of(const struct flow_table *table, const struct flow_key *key)
{
    return &table->buckets[key_hash(table, key) & (table->n_buckets - 1)];
}

static uint64_t flow_deadline(const struct flow *flow)
{
    return flow->last_ms + (flow->replied ? NET_FLOW_IDLE_MS : NET_FLOW_NEW_MS);
}

static void age_unlink(struct flow_table *table, struct flow *flow)
{
    if (flow->newer)
        flow->newer->older = flow->older;
    else
        table->newest = flow->older;
    if (flow->older)
        flow->older->newer = flow->newer;
    else
        table->oldest = flow->newer;
}

static void age_link(struct flow_table *table, struct flow *flow)
{
    flow->newer = NULL;
    flow->older = table->newest;
    if (table->newest)
        table->newest->newer = flow;
    else
        table->oldest = flow;
    table->newest = flow;
}

void flow_table_remove(struct flow_table *table, struct flow *flow)
{
    struct flow **place = bucket_of(table, &flow->key);

    while (*place != flow)
        place = &(*place)->same_bucket;
    *place = flow->same_bucket;
    age_unlink(table, flow);
    table->count--;
    table->options.end(flow);
}

/* One timer at the pace of the shorter patience; a flow ends at most that much late. */
static void table_arm(struct flow_table *table)
{
    if (table->armed || table->count == 0)
        return;
    table->armed = true;
    timer_arm_at(table->expiry, loop_now_ms(table->options.loop) + NET_FLOW_NEW_MS / 4);
}

static void table_expire(void *owner)
{
    struct flow_table *table = owner;
    uint64_t now_ms = loop_now_ms(table->options.loop);
    struct flow *newer;

    table->armed = false;
    for (struct flow *flow = table->oldest; flow; flow = newer) {
        newer = flow->newer;
        if (now_ms < flow->last_ms + NET_FLOW_NEW_MS)
            break; /* nor is any newer one due */
        if (now_ms >= flow_deadline(flow))
            flow_table_remove(table, flow);
    }
    table_arm(table);
}

struct flow_table *flow_table_new(const struct flow_table_options *options)
{
    struct flow_table *table = memory_new(struct flow_table);

    table->options = *options;
    table->n_buckets = FIRST_BUCKETS;
    table->buckets = memory_alloc(table->n_buckets * sizeof(*table->buckets));
    table->expiry = timer_new(options->loop, table_expire, table);
    if (getrandom(&table->seed, sizeof(table->seed), GRND_NONBLOCK) < 0)
        table->seed = (uintptr_t)table;
    return table;
}

void flow_table_free(struct flow_table *table)
{
    if (!table)
        return;
    flow_table_clear(table, NULL);
    timer_free(table->expiry);
    free(table->buckets);
    free(table);
}

struct flow *flow_table_find(const struct flow_table *table, const struct flow_key *key)
{
    struct flow *flow = *bucket_of(table, key);

    while (flow && (!inet_address_equal(&flow->key.from, &key->from) ||
                    !inet_address_equal(&flow->key.to, &key->to)))
        flow = flow->same_bucket;
    return flow;
}

bool flow_table_make_room(struct flow_table *table)
{
    struct flow *flow = table->oldest;

    if (table->count < table->options.max_flows)
        return true;
    while (flow && flow->replied)
        flow = flow->newer;
    if (!flow)
        return false;
    flow_table_remove(table, flow);
    return true;
}

bool flow_table_admits_source(const struct flow_table *table, const struct inet_address *source)
{
    size_t count = 0;

    if (table->count < table->options.max_per_source)
        return true;
    for (const struct flow *flow = table->newest; flow; flow = flow->older)
        if (inet_address_same_host(&flow->key.from, source))
            count++;
    return count < table->options.max_per_source;
}

static void table_grow(struct flow_table *table)
{
    free(table->buckets);
    table->n_buckets *= 2;
    table->buckets = memory_alloc(table->n_buckets * sizeof(*table->buckets));
    for (struct flow *flow = table->newest; flow; flow = flow->older) {
        struct flow **bucket = bucket_of(table, &flow->key);

        flow->same_bucket = *bucket;
        *bucket = flow;
    }
}

void flow_table_add(struct flow_table *table, struct flow *take_flow)
{
    struct flow **bucket;

    if (table->count >= table->n_buckets)
        table_grow(table);
    bucket = bucket_of(table, &take_flow->key);
    take_flow->same_bucket = *bucket;
    *bucket = take_flow;
    take_flow->last_ms = loop_now_ms(table->options.loop);
    age_link(table, take_flow);
    table->count++;
    table_arm(table);
}

void flow_table_touch(struct flow_table *table, struct flow *flow, bool reply)
{
    flow->replied |= reply;
    flow->last_ms = loop_now_ms(table->options.loop);
    if (table->newest == flow)
        return;
    age_unlink(table, flow);
    age_link(table, flow);
}

void flow_table_clear(struct flow_table *table, const struct inet_address *host)
{
    struct flow *older;

    for (struct flow *flow = table->newest; flow; flow = older) {
        older = flow->older;
        if (!host || inet_address_same_host(&flow->key.from, host) ||
            inet_address_same_host(&flow->key.to, host))
            flow_table_remove(table, flow);
    }
}

size_t flow_table_count(const struct flow_table *table)
{
    return table->count;
}
