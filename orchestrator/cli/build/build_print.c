/* SPDX-License-Identifier: Apache-2.0 */
/* `build --print`: the order as docker's bake files have it. */
#include <stdio.h>
#include <string.h>

#include "common/json.h"
#include "orchestrator/cli/build/project_build.h"

static void put_text(json_t *target, const char *key, const char *text)
{
    if (text && *text)
        (void)json_object_set_new(target, key, json_string(text));
}

static void put_list(json_t *target, const char *key, const struct string_list *list)
{
    json_t *array = json_array();

    for (size_t i = 0; i < list->count; i++)
        (void)json_array_append_new(array, json_string(list->items[i]));
    if (list->count > 0)
        (void)json_object_set_new(target, key, array);
    else
        json_decref(array);
}

/* "NAME=value" each. */
static void put_pairs(json_t *target, const char *key, const struct string_list *pairs,
                      struct arena *arena)
{
    json_t *object = json_object();

    for (size_t i = 0; i < pairs->count; i++) {
        const char *equals = strchr(pairs->items[i], '=');
        size_t length = (size_t)(equals - pairs->items[i]);

        (void)json_object_set_new(object, arena_strndup(arena, pairs->items[i], length),
                                  json_string(equals + 1));
    }
    if (pairs->count > 0)
        (void)json_object_set_new(target, key, object);
    else
        json_decref(object);
}

static json_t *target_of(const struct build_request *request, struct arena *arena)
{
    json_t *target = json_object(), *contexts = json_object();

    put_text(target, "context", request->context);
    for (size_t i = 0; i < request->n_contexts; i++)
        (void)json_object_set_new(contexts, request->contexts[i].name,
                                  json_string(request->contexts[i].value));
    if (request->n_contexts > 0)
        (void)json_object_set_new(target, "contexts", contexts);
    else
        json_decref(contexts);
    put_text(target, "dockerfile", request->dockerfile);
    put_text(target, "dockerfile-inline", request->dockerfile_inline);
    put_pairs(target, "args", &request->args, arena);
    put_pairs(target, "labels", &request->labels, arena);
    put_list(target, "tags", &request->tags);
    put_text(target, "target", request->target);
    put_text(target, "network", request->network);
    if (request->no_cache)
        (void)json_object_set_new(target, "no-cache", json_true());
    if (request->pull)
        (void)json_object_set_new(target, "pull", json_true());
    return target;
}

int project_build_print(struct session *session, const struct project *project,
                        const struct project_build_options *options, struct error *err)
{
    scoped(json_release) json_t *document = NULL;
    json_t *targets = json_object(), *names = json_array();
    scoped_text struct text out = {0};
    struct build_order order;

    document =
        json_pack("{s:{s:{s:o}}, s:o}", "group", "default", "targets", names, "target", targets);
    if (project_build_order(session, project, options, &order, err) < 0)
        return -1;
    for (size_t i = 0; i < order.n_builds; i++) {
        (void)json_array_append_new(names, json_string(order.builds[i].name));
        (void)json_object_set_new(targets, order.builds[i].name,
                                  target_of(&order.builds[i], session->arena));
    }
    json_format(document, &out);
    (void)printf("%s\n", text_get(&out));
    return 0;
}
