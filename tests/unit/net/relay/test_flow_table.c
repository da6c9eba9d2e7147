/* SPDX-License-Identifier: Apache-2.0 */
#include "net/relay/flow_table.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <stdlib.h>

#include "common/memory.h"

enum { ROOM = 100 };

struct tracked {
    struct flow flow;
    int *ended;
};

static void tracked_end(struct flow *take_flow)
{
    struct tracked *tracked = (struct tracked *)take_flow;

    (*tracked->ended)++;
    free(tracked);
}

struct scene {
    struct loop *loop;
    struct flow_table *table;
    int ended;
};

static void scene_open(struct scene *scene)
{
    struct flow_table_options options = {
        .max_flows = ROOM, .max_per_source = 10, .end = tracked_end};

    *scene = (struct scene){.loop = loop_new()};
    options.loop = scene->loop;
    scene->table = flow_table_new(&options);
}

static void scene_close(struct scene *scene)
{
    flow_table_free(scene->table);
    loop_free(scene->loop);
}

static struct flow_key key(uint16_t client, uint16_t service)
{
    struct in_addr host = {htonl(0x0a000001)};

    return (struct flow_key){.from = inet_address_v4(host, client),
                             .to = inet_address_v4(host, service)};
}

static struct flow *add(struct scene *scene, uint16_t client)
{
    struct tracked *tracked = memory_new(struct tracked);

    tracked->flow.key = key(client, 53);
    tracked->ended = &scene->ended;
    flow_table_add(scene->table, &tracked->flow);
    return &tracked->flow;
}

Test(flow_table, every_flow_is_found_by_its_key_alone)
{
    struct scene scene;
    struct flow_key other = key(1, 54);

    scene_open(&scene);
    for (uint16_t i = 1; i <= ROOM; i++)
        (void)add(&scene, i);
    for (uint16_t i = 1; i <= ROOM; i++) {
        struct flow_key wanted = key(i, 53);
        struct flow *flow = flow_table_find(scene.table, &wanted);

        cr_assert(flow);
        cr_expect_eq(inet_address_port(&flow->key.from), i);
    }
    cr_expect_null(flow_table_find(scene.table, &other));
    scene_close(&scene);
    cr_expect_eq(scene.ended, ROOM);
}

Test(flow_table, the_longest_silent_flow_without_a_reply_makes_room)
{
    struct scene scene;
    struct flow_key first = key(1, 53), second = key(2, 53), third = key(3, 53);

    scene_open(&scene);
    for (uint16_t i = 1; i <= ROOM; i++) {
        struct flow *flow = add(&scene, i);

        if (i == 1)
            flow_table_touch(scene.table, flow, true);
    }
    flow_table_touch(scene.table, flow_table_find(scene.table, &second), false);
    cr_expect(flow_table_make_room(scene.table));
    cr_expect_eq(scene.ended, 1);
    cr_expect(flow_table_find(scene.table, &first));
    cr_expect(flow_table_find(scene.table, &second));
    cr_expect_null(flow_table_find(scene.table, &third));
    scene_close(&scene);
}

Test(flow_table, flows_with_replies_are_not_driven_out)
{
    struct scene scene;

    scene_open(&scene);
    for (uint16_t i = 1; i <= ROOM; i++)
        flow_table_touch(scene.table, add(&scene, i), true);
    cr_expect_not(flow_table_make_room(scene.table));
    cr_expect_eq(scene.ended, 0);
    scene_close(&scene);
}

Test(flow_table, one_source_has_its_share_alone)
{
    struct scene scene;
    struct in_addr stranger = {htonl(0x0a000002)};
    struct inet_address other = inet_address_v4(stranger, 1);
    struct flow_key own = key(1, 53);

    scene_open(&scene);
    for (uint16_t i = 1; i <= 10; i++) {
        cr_expect(flow_table_admits_source(scene.table, &own.from));
        (void)add(&scene, i);
    }
    cr_expect_not(flow_table_admits_source(scene.table, &own.from));
    cr_expect(flow_table_admits_source(scene.table, &other));
    scene_close(&scene);
}

Test(flow_table, clearing_a_host_ends_its_flows)
{
    struct scene scene;
    struct flow_key own = key(1, 53);
    struct in_addr stranger = {htonl(0x0a000002)};
    struct inet_address other = inet_address_v4(stranger, 1);

    scene_open(&scene);
    for (uint16_t i = 1; i <= 10; i++)
        (void)add(&scene, i);
    flow_table_clear(scene.table, &other);
    cr_expect_eq(flow_table_count(scene.table), 10);
    flow_table_clear(scene.table, &own.from);
    cr_expect_eq(flow_table_count(scene.table), 0);
    cr_expect_eq(scene.ended, 10);
    scene_close(&scene);
}
