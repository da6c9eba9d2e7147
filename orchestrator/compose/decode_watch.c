/* SPDX-License-Identifier: Apache-2.0 */
#include "common/text.h"
#include "orchestrator/compose/decode.h"
#include "orchestrator/compose/keys.h"

DECODE_RULE(decode_watch_exec)
{
    decode_fields(decoder, node, &shape_watch_exec, field);
}

DECODE_RULE(decode_develop)
{
    const struct node *list = node_get(node, "watch");
    struct service *service = field;

    if (!node_is(list, NODE_LIST))
        return;
    service->watch = arena_new_array(decoder->arena, struct watch_rule, list->list.count);
    for (size_t i = 0; i < list->list.count; i++) {
        struct watch_rule *rule = &service->watch[service->n_watch++];
        const char *action = node_get_text(list->list.items[i], "action");

        rule->at = list->list.items[i]->at;
        rule->rebuilds = string_eq(action, "rebuild");
        rule->syncs = action && string_starts_with(action, "sync");
        rule->restarts = string_eq(action, "restart") || string_eq(action, "sync+restart");
        rule->executes = string_eq(action, "sync+exec");
        decode_fields(decoder, list->list.items[i], &shape_watch, rule);
    }
}
