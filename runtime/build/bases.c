/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/build/bases.h"

#include <string.h>

#include "common/text.h"
#include "runtime/build/build_graph.h"
#include "runtime/image/image_reference.h"

/* Several ways to write one image count as one. */
static bool is_same(struct arena *arena, const struct base_image *a, const struct base_image *b)
{
    const char *left, *right;

    return strcmp(a->platform, b->platform) == 0 &&
           image_reference_normalise(a->reference, arena, &left, NULL) == 0 &&
           image_reference_normalise(b->reference, arena, &right, NULL) == 0 &&
           strcmp(left, right) == 0;
}

static void list_add(struct arena *arena, struct base_list *list, struct base_image base)
{
    for (size_t i = 0; i < list->count; i++) {
        if (is_same(arena, &list->items[i], &base))
            return;
    }
    list->items[list->count++] = base;
}

static size_t count_sources(const struct build_graph *graph)
{
    size_t count = 0;

    for (size_t i = 0; i < graph->n_order; i++)
        count += graph->nodes[graph->order[i]].n_sources;
    return count;
}

int dockerfile_bases(const struct base_request *request, struct arena *arena,
                     struct diagnostics *diagnostics, struct base_list *ret_bases)
{
    struct dockerfile dockerfile;
    struct build_graph_source source = {&dockerfile, request->arguments, request->contexts};
    struct build_graph graph;
    struct base_list list = {0};
    const char *platform;

    if (dockerfile_parse(&request->source, arena, diagnostics, &dockerfile) < 0 ||
        build_graph_make(&source, arena, diagnostics, &graph) < 0)
        return -1;
    platform = scope_find(graph.globals, "TARGETPLATFORM")->value;
    list.items = arena_new_array(arena, struct base_image, count_sources(&graph));
    for (size_t i = 0; i < graph.n_nodes; i++) {
        const struct stage_node *node = &graph.nodes[i];

        for (size_t j = 0; j < node->n_sources; j++) {
            const struct stage_source *from = &node->sources[j];

            /* FROM has a platform of its own; whatever is copied from is for the target's. */
            if (from->kind == SOURCE_IMAGE)
                list_add(
                    arena, &list,
                    (struct base_image){from->name, j == 0 ? node->platform : platform, from->at});
        }
    }
    *ret_bases = list;
    return 0;
}
