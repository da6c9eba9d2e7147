/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which stages the build of a target needs, in which order, and what each of them builds on.
 *
 *     FROM golang AS make          stage 0: base image golang
 *     FROM debian AS unused        stage 1: not needed
 *     FROM scratch                 stage 2: base nothing; a copy from stage 0
 *     COPY --from=make /a /a
 *
 * Needed stages that do not lead to each other can be built at the same time.
 */
#ifndef YAWL_RUNTIME_BUILD_BUILD_GRAPH_H
#define YAWL_RUNTIME_BUILD_BUILD_GRAPH_H

#include "runtime/build/build_arguments.h"

enum stage_source_kind {
    SOURCE_STAGE,
    SOURCE_IMAGE,
    SOURCE_CONTEXT, /* a named context */
    SOURCE_SCRATCH,
};

/* What a FROM, a COPY --from or a mount names. */
struct stage_source {
    enum stage_source_kind kind;
    const char *name;   /* of image or context, as written, with values in place */
    size_t stage;       /* SOURCE_STAGE: its index */
    struct position at; /* of the name */
};

struct stage_node {
    const struct stage *stage;
    bool needed;
    const char *platform; /* "linux/amd64" */
    /* The first is the base; a stage whose name is a named context has only that. */
    struct stage_source *sources;
    size_t n_sources;
};

struct build_graph {
    const struct scope *globals;
    struct stage_node *nodes; /* one for each stage */
    size_t n_nodes;
    size_t target;
    size_t *order; /* indices of needed stages, each behind what it builds on */
    size_t n_order;
};

struct build_graph_source {
    const struct dockerfile *dockerfile;
    const struct build_arguments *arguments;
    const struct string_list *contexts; /* names of additional contexts; may be NULL */
};

/* Mistakes in needed stages are added; -1 when there was one. */
MUST_CHECK int build_graph_make(const struct build_graph_source *source, struct arena *arena,
                                struct diagnostics *diagnostics, struct build_graph *ret_graph);

#endif
