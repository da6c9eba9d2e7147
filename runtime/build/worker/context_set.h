/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The trees that a build brings along: its own context, and the named ones that are no images.
 *
 * One is a directory of this machine, a git repository, or an archive at an address or on standard
 * input; what is there and no archive is a Dockerfile. Each is opened when it is asked for first,
 * and stays for as long as the set lives. Used by several threads at once.
 */
#ifndef YAWL_RUNTIME_BUILD_WORKER_CONTEXT_SET_H
#define YAWL_RUNTIME_BUILD_WORKER_CONTEXT_SET_H

#include "runtime/build/worker/builder.h"

struct context_set;

struct context_tree {
    int fd;          /* borrowed; -1: the build has no context */
    uint64_t domain; /* for the memo */
    bool is_fetched; /* strangers have made it: not even its Dockerfile may be a link out of it */
};

/* The request is borrowed. */
struct context_set *context_set_new(struct builder *builder, const struct build_request *request);
void context_set_free(struct context_set *set);

/* `name` is one of the request's, or NULL: the build's own. */
MUST_CHECK int context_set_open(struct context_set *set, const char *name,
                                struct context_tree *ret_tree, struct error *err);

#endif
