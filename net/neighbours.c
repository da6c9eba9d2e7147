/* SPDX-License-Identifier: Apache-2.0 */
#include "net/neighbours.h"

#include <stdlib.h>

#include "common/json.h"
#include "common/memory.h"
#include "common/text.h"
#include "net/net_limits.h"

struct neighbour {
    const char *instance; /* "PROJECT/INSTANCE" */
    struct worker_entry *entries;
    size_t n_entries;
    int rank;
    json_t *told; /* the last message, to know a change; NULL: not yet */
};

/* Of one round; the former one is kept until this one is told. */
struct round {
    struct arena *arena;
    struct neighbour *items;
    size_t count;
};

struct neighbours {
    struct round now, before;
};

struct neighbours *neighbours_new(void)
{
    struct neighbours *neighbours = memory_new(struct neighbours);

    neighbours->now.arena = arena_new();
    neighbours->before.arena = arena_new();
    return neighbours;
}

static void round_done(struct round *round)
{
    for (size_t i = 0; i < round->count; i++)
        json_decref(round->items[i].told);
    arena_free(round->arena);
}

void neighbours_free(struct neighbours *neighbours)
{
    if (!neighbours)
        return;
    round_done(&neighbours->now);
    round_done(&neighbours->before);
    free(neighbours);
}

static struct neighbour *round_find(const struct round *round, const char *instance)
{
    for (size_t i = 0; i < round->count; i++)
        if (string_eq(round->items[i].instance, instance))
            return &round->items[i];
    return NULL;
}

void neighbours_begin(struct neighbours *neighbours)
{
    round_done(&neighbours->before);
    neighbours->before = neighbours->now;
    neighbours->now = (struct round){.arena = arena_new()};
}

static struct neighbour *round_add(struct round *round, const char *instance)
{
    round->items = arena_room(round->arena, round->items, round->count);
    round->items[round->count] = (struct neighbour){
        .instance = instance,
        .entries = arena_new_array(round->arena, struct worker_entry, NET_LIMIT_ENTRIES),
    };
    return &round->items[round->count++];
}

void neighbours_add(struct neighbours *neighbours, const char *project, const char *network,
                    const struct shared_place *place)
{
    struct round *round = &neighbours->now;
    const char *instance = arena_printf(round->arena, "%s/%s", project, place->instance);
    struct neighbour *neighbour = round_find(round, instance);

    if (!neighbour)
        neighbour = round_add(round, instance);
    if (neighbour->n_entries == NET_LIMIT_ENTRIES)
        return;
    neighbour->rank = place->rank;
    neighbour->entries[neighbour->n_entries++] = (struct worker_entry){
        .network = arena_strdup(round->arena, network),
        .address = arena_strdup(round->arena, place->address),
        .address6 = arena_strdup(round->arena, place->address6),
        .names = string_list_copy(round->arena, place->names),
    };
}

static void tell(struct worker_client *worker, struct arena *arena, const char *kind,
                 const struct worker_message *message)
{
    const struct worker_news news = {.key = arena_printf(arena, "%s %s", kind, message->instance),
                                     .message = message,
                                     .take_netns_fd = -1};

    worker_client_tell(worker, &news);
}

/* Address and rank in one, for comparison. */
static json_t *neighbour_json(const struct neighbour *neighbour)
{
    const struct worker_message message = {
        .op = WORKER_ENDPOINT,
        .instance = neighbour->instance,
        .rank = neighbour->rank,
        .entries = neighbour->entries,
        .n_entries = neighbour->n_entries,
    };

    return codec_encode(worker_message_codec, &message);
}

static void neighbour_tell(struct neighbour *neighbour, const struct neighbour *before,
                           struct worker_client *worker, struct arena *arena)
{
    const struct worker_message endpoint = {
        .op = WORKER_ENDPOINT,
        .instance = neighbour->instance,
        .entries = neighbour->entries,
        .n_entries = neighbour->n_entries,
    };
    const struct worker_message rank = {
        .op = WORKER_RANK, .instance = neighbour->instance, .rank = neighbour->rank};

    neighbour->told = neighbour_json(neighbour);
    if (before && json_equal(before->told, neighbour->told))
        return;
    tell(worker, arena, "endpoint", &endpoint);
    tell(worker, arena, "rank", &rank);
}

void neighbours_tell(struct neighbours *neighbours, struct worker_client *worker)
{
    struct round *now = &neighbours->now, *before = &neighbours->before;

    for (size_t i = 0; i < now->count; i++)
        neighbour_tell(&now->items[i], round_find(before, now->items[i].instance), worker,
                       now->arena);
    for (size_t i = 0; i < before->count; i++) {
        const char *instance = before->items[i].instance;
        const struct worker_message gone = {.op = WORKER_ENDPOINT_GONE, .instance = instance};

        if (round_find(now, instance))
            continue;
        worker_client_forget(worker, arena_printf(before->arena, "rank %s", instance), NULL);
        worker_client_forget(worker, arena_printf(before->arena, "endpoint %s", instance), &gone);
    }
}
