/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/build/build_graph.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/text.h"
#include "runtime/build/evaluation.h"
#include "runtime/image/image_platform.h"
#include "runtime/image/image_reference.h"

struct grapher {
    const struct build_graph_source *source;
    const struct dockerfile *dockerfile;
    struct arena *arena;
    struct diagnostics *diagnostics;
    struct evaluation evaluation; /* in the global scope */
    struct build_graph *graph;
};

/* One stage on the way through the graph; `next` of its sources is looked at next. */
struct visit {
    size_t stage, next;
};

enum mark { MARK_NEW, MARK_OPEN, MARK_DONE };

/* "postgres" of "docker.io/library/postgres:latest"; the text itself when it is no reference. */
static const char *short_name(struct arena *arena, const char *text)
{
    struct image_reference reference;
    char *familiar;

    if (image_reference_parse(text, arena, &reference, NULL) < 0)
        return text;
    familiar = image_reference_familiar(&reference, arena);
    if (string_ends_with(familiar, ":latest"))
        familiar[strlen(familiar) - strlen(":latest")] = '\0';
    return familiar;
}

static bool is_context(const struct grapher *grapher, const char *name)
{
    const struct string_list *contexts = grapher->source->contexts;
    const char *wanted;

    if (!contexts || contexts->count == 0)
        return false;
    if (string_list_has(contexts, name))
        return true;
    wanted = short_name(grapher->arena, name);
    for (size_t i = 0; i < contexts->count; i++) {
        if (strcmp(short_name(grapher->arena, contexts->items[i]), wanted) == 0)
            return true;
    }
    return false;
}

/* What a name stands for when it is no stage's. */
static void resolve_outside(const struct grapher *grapher, const char *path,
                            struct stage_source *source)
{
    struct image_reference reference;
    struct error err;

    if (strcmp(source->name, "scratch") == 0) {
        source->kind = SOURCE_SCRATCH;
    } else if (is_context(grapher, source->name)) {
        source->kind = SOURCE_CONTEXT;
    } else {
        source->kind = SOURCE_IMAGE;
        if (image_reference_parse(source->name, grapher->arena, &reference, &err) < 0)
            diagnostics_error(grapher->diagnostics, source->at, path, "%s", err.text);
    }
}

static void add_source(struct stage_node *node, struct stage_source source)
{
    node->sources[node->n_sources++] = source;
}

/* COPY --from and mounts: a stage by its name or number, else something outside. */
static void add_reference(struct grapher *grapher, struct stage_node *node, const struct word *name,
                          const char *path)
{
    const struct dockerfile *dockerfile = grapher->dockerfile;
    struct stage_source source = {.kind = SOURCE_STAGE, .name = name->text, .at = name->at};
    const struct stage *stage =
        dockerfile_stage_named(dockerfile, name->text, dockerfile->n_stages);
    unsigned long long number;

    if (stage) {
        source.stage = stage->index;
    } else if (strspn(name->text, "0123456789") == strlen(name->text)) {
        if (!string_to_u64(name->text, dockerfile->n_stages - 1, &number)) {
            diagnostics_error(grapher->diagnostics, name->at, path, "there is no stage %s",
                              name->text);
            return;
        }
        source.stage = (size_t)number;
    } else {
        resolve_outside(grapher, path, &source);
    }
    add_source(node, source);
}

static void add_instruction(struct grapher *grapher, struct stage_node *node,
                            const struct instruction *instruction)
{
    const struct flag *from = instruction_flag(instruction, FLAG_FROM);

    if (from)
        add_reference(grapher, node, &from->value, instruction_name(instruction->kind));
    for (size_t i = 0; i < instruction->n_mounts; i++) {
        if (instruction->mounts[i].from.text)
            add_reference(grapher, node, &instruction->mounts[i].from, "RUN");
    }
}

static size_t count_references(const struct stage *stage)
{
    size_t count = 0;

    for (size_t i = 0; i < stage->n_instructions; i++) {
        const struct instruction *instruction = &stage->instructions[i];

        if (instruction->trigger)
            instruction = instruction->trigger;
        count += 1 + instruction->n_mounts;
    }
    return count;
}

/* What the instructions name; with `triggers` those that ONBUILD keeps for later, else the others.
 */
static void add_instructions(struct grapher *grapher, struct stage_node *node,
                             const struct stage *stage, bool triggers)
{
    for (size_t i = 0; i < stage->n_instructions; i++) {
        const struct instruction *instruction = &stage->instructions[i];

        if (triggers ? instruction->trigger != NULL : instruction->kind != INSTRUCTION_ONBUILD)
            add_instruction(grapher, node, triggers ? instruction->trigger : instruction);
    }
}

static bool resolve_base(struct grapher *grapher, const struct stage *stage,
                         struct stage_source *base)
{
    const struct word *word = &stage->from->words.items[0];
    const struct stage *below;

    base->at = word->at;
    base->name = evaluation_word(&grapher->evaluation, word, "FROM");
    if (!base->name)
        return false;
    if (*base->name == '\0') {
        diagnostics_error(grapher->diagnostics, word->at, "FROM", "'%s' comes out empty",
                          word->text);
        return false;
    }
    below = dockerfile_stage_named(grapher->dockerfile, base->name, stage->index);
    if (below) {
        base->kind = SOURCE_STAGE;
        base->stage = below->index;
    } else {
        resolve_outside(grapher, "FROM", base);
    }
    return true;
}

/* Finds what one needed stage builds on. */
static void resolve_node(struct grapher *grapher, struct stage_node *node)
{
    const struct stage *stage = node->stage, *below = NULL;
    struct stage_source base = {0};
    size_t room = 1 + count_references(stage);

    node->needed = true;
    if (stage->name && is_context(grapher, stage->name)) {
        base = (struct stage_source){SOURCE_CONTEXT, stage->name, 0, stage->from->at};
        node->sources = arena_new_array(grapher->arena, struct stage_source, 1);
        add_source(node, base);
        return;
    }
    if (!resolve_base(grapher, stage, &base))
        return;
    if (base.kind == SOURCE_STAGE)
        below = &grapher->dockerfile->stages[base.stage];
    if (below)
        room += count_references(below);
    node->sources = arena_new_array(grapher->arena, struct stage_source, room);
    add_source(node, base);
    if (below)
        add_instructions(grapher, node, below, true);
    add_instructions(grapher, node, stage, false);
}

static void add_cycle(struct grapher *grapher, const struct stage_source *source)
{
    const struct stage *stage = &grapher->dockerfile->stages[source->stage];

    if (stage->name)
        diagnostics_error(grapher->diagnostics, source->at, NULL, "stage '%s' needs itself",
                          stage->name);
    else
        diagnostics_error(grapher->diagnostics, source->at, NULL, "stage %zu needs itself",
                          stage->index);
}

/* Depth first from the target, without recursion: the file says how deep it goes. */
static void walk(struct grapher *grapher)
{
    struct build_graph *graph = grapher->graph;
    enum mark *marks = arena_new_array(grapher->arena, enum mark, graph->n_nodes);
    struct visit *stack = arena_new_array(grapher->arena, struct visit, graph->n_nodes);
    size_t depth = 1;

    stack[0] = (struct visit){graph->target, 0};
    marks[graph->target] = MARK_OPEN;
    resolve_node(grapher, &graph->nodes[graph->target]);
    while (depth > 0) {
        struct visit *top = &stack[depth - 1];
        const struct stage_node *node = &graph->nodes[top->stage];
        const struct stage_source *source;

        if (top->next == node->n_sources) {
            marks[top->stage] = MARK_DONE;
            graph->order[graph->n_order++] = top->stage;
            depth--;
            continue;
        }
        source = &node->sources[top->next++];
        if (source->kind != SOURCE_STAGE || marks[source->stage] == MARK_DONE)
            continue;
        if (marks[source->stage] == MARK_OPEN) {
            add_cycle(grapher, source);
            continue;
        }
        marks[source->stage] = MARK_OPEN;
        resolve_node(grapher, &graph->nodes[source->stage]);
        stack[depth++] = (struct visit){source->stage, 0};
    }
}

/* The platform of FROM --platform, or else of the stage below, or else of the image. Stages below
 * come first in the order. */
static void find_platform(struct grapher *grapher, struct stage_node *node)
{
    const struct flag *flag = instruction_flag(node->stage->from, FLAG_PLATFORM);
    struct image_platform platform;
    const char *text;
    struct error err;

    if (!flag) {
        if (node->n_sources > 0 && node->sources[0].kind == SOURCE_STAGE)
            node->platform = grapher->graph->nodes[node->sources[0].stage].platform;
        return;
    }
    text = evaluation_word(&grapher->evaluation, &flag->value, "FROM");
    if (!text)
        return;
    if (image_platform_parse(text, grapher->arena, &platform, &err) < 0)
        diagnostics_error(grapher->diagnostics, flag->value.at, "FROM", "%s", err.text);
    else
        node->platform = image_platform_format(&platform, grapher->arena);
}

static void make_nodes(struct grapher *grapher, const struct scope *globals)
{
    const struct dockerfile *dockerfile = grapher->dockerfile;
    struct build_graph *graph = grapher->graph;

    graph->globals = globals;
    graph->n_nodes = dockerfile->n_stages;
    graph->nodes = arena_new_array(grapher->arena, struct stage_node, graph->n_nodes);
    graph->order = arena_new_array(grapher->arena, size_t, graph->n_nodes);
    for (size_t i = 0; i < graph->n_nodes; i++) {
        graph->nodes[i].stage = &dockerfile->stages[i];
        graph->nodes[i].platform = scope_find(globals, "TARGETPLATFORM")->value;
    }
}

int build_graph_make(const struct build_graph_source *source, struct arena *arena,
                     struct diagnostics *diagnostics, struct build_graph *ret_graph)
{
    size_t errors = diagnostics_count(diagnostics, SEVERITY_ERROR);
    struct build_graph graph = {0};
    struct grapher grapher = {.source = source,
                              .dockerfile = source->dockerfile,
                              .arena = arena,
                              .diagnostics = diagnostics,
                              .graph = &graph};
    const struct stage *target;
    struct scope *globals;
    struct error err;

    if (build_arguments_scope(source->arguments, source->dockerfile, arena, diagnostics, &globals) <
        0)
        return -1;
    if (dockerfile_find_target(source->dockerfile, source->arguments->target, &target, &err) < 0) {
        diagnostics_error(diagnostics, (struct position){source->dockerfile->file, 0, 0}, NULL,
                          "%s", err.text);
        return -1;
    }
    grapher.evaluation = (struct evaluation){.arena = arena,
                                             .diagnostics = diagnostics,
                                             .escape = source->dockerfile->directives.escape,
                                             .arguments = source->arguments,
                                             .scope = globals};
    make_nodes(&grapher, globals);
    graph.target = target->index;
    walk(&grapher);
    for (size_t i = 0; i < graph.n_order; i++)
        find_platform(&grapher, &graph.nodes[graph.order[i]]);
    if (diagnostics_count(diagnostics, SEVERITY_ERROR) > errors)
        return -1;
    *ret_graph = graph;
    return 0;
}
