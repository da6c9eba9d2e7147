/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One build: a Dockerfile, its context, and the image that comes of them.
 *
 *     parse -> which stages are needed -> bases into the store -> stages, each when those that it
 *     builds on are done -> the target's layers and configuration become an image
 */
#ifndef YAWL_RUNTIME_BUILD_WORKER_BUILD_H
#define YAWL_RUNTIME_BUILD_WORKER_BUILD_H

#include "runtime/build/build_graph.h"
#include "runtime/build/ignore_file.h"
#include "runtime/build/worker/builder.h"
#include "runtime/build/worker/context_set.h"
#include "runtime/build/worker/image_draft.h"
#include "runtime/image/worker/image_fetch.h"

struct build_cache;

struct build {
    struct builder *builder;
    const struct build_request *request;
    struct image_fetch *images;
    struct build_cache *cache;
    struct arena *arena; /* of what is read before the stages begin */
    struct diagnostics *diagnostics;
    struct text dockerfile_text;
    struct dockerfile dockerfile;
    struct build_arguments arguments;
    struct string_list context_names;
    struct build_graph graph;
    struct context_set *contexts;
    struct ignore_file ignore;
    struct built_stage {
        struct arena *arena; /* of the draft */
        struct image_draft *draft;
        struct scope *scope;
    } * stages;
};

/* Builds it and reports what comes of it. On -1 the error is what to tell. `ret_id` is the image's.
 */
MUST_CHECK int build_run(struct builder *builder, const struct build_request *request,
                         struct image_fetch *images, char ret_id[IMAGE_DIGEST_SIZE],
                         struct error *err);

/* The image, brought into the store when it is not there. The reference may also be the address of
 * an OCI layout, "oci-layout://FOLDER:TAG". */
MUST_CHECK int build_find_image(struct build *build, const char *reference, const char *platform,
                                struct arena *arena, struct image **ret_image, struct error *err);

/* What build_find_image() is to be asked for when the named context is an image; else NULL. */
const char *build_context_image(const struct build *build, const char *name);

/* SOURCE_DATE_EPOCH, unix seconds; -1 when there is none. */
int64_t build_source_date(const struct build *build);

/* The time that new things get, RFC 3339. */
const char *build_now(const struct build *build, struct arena *arena);

#endif
