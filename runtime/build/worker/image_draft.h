/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The image that a stage is going to be: its configuration, its history, and its layers.
 *
 * The configuration is a JSON document that begins as the base image's; what this program does not
 * know stays in it. Everything lives in the arena of the build, but for the document.
 */
#ifndef YAWL_RUNTIME_BUILD_WORKER_IMAGE_DRAFT_H
#define YAWL_RUNTIME_BUILD_WORKER_IMAGE_DRAFT_H

#include "common/json.h"
#include "runtime/build/instruction.h"
#include "runtime/build/worker/layer_pool.h"

struct image_draft {
    struct arena *arena;
    json_t *document;
    struct string_list diff_ids;    /* all of them, lowest first */
    struct string_list base_layers; /* paths that the first `n_base` of them are mounted by */
    size_t n_base;
    bool has_command; /* a CMD of this stage, which an ENTRYPOINT leaves alone */
};

/* For FROM scratch: nothing but a PATH, as docker has it. */
struct image_draft *image_draft_new(struct arena *arena, const char *platform);
/* What an image of the store says; a PATH, if it has none. */
struct image_draft *image_draft_of_image(struct image_store *store, const struct image *image,
                                         struct arena *arena, struct error *err);
/* A copy in another arena; may be called by several threads for one draft that no longer changes.
 */
struct image_draft *image_draft_copy(const struct image_draft *draft, struct arena *arena);
void image_draft_free(struct image_draft *draft);
DEFINE_SCOPED(struct image_draft *, image_draft_free)

/* What the instruction, with values in place, does to the configuration. RUN, COPY, ADD, ARG and
 * FROM do nothing to it. */
MUST_CHECK int image_draft_apply(struct image_draft *draft, const struct instruction *instruction,
                                 struct error *err);

/* One line of history, with the layer that goes with it; "" is none. `created` is RFC 3339. */
struct draft_step {
    const char *created_by, *created;
    const char *diff_id;
};
MUST_CHECK int image_draft_add(struct image_draft *draft, const struct draft_step *step,
                               struct error *err);

/* The time of the last line of history, or NULL. Borrowed. */
const char *image_draft_created(const struct image_draft *draft);

/* What overlayfs is to mount, absolute, lowest first; may be empty. */
MUST_CHECK int image_draft_layers(const struct image_draft *draft, struct layer_pool *pool,
                                  struct string_list *ret_paths, struct error *err);

/* Parts of the configuration, in the arena; "" and empty lists when they are not there. */
const char *image_draft_text(const struct image_draft *draft, const char *key);
struct string_list image_draft_list(const struct image_draft *draft, const char *key);

/* Takes a part of the configuration away. */
void image_draft_forget(struct image_draft *draft, const char *key);

/* `path` as the container will find it: relative ones go on from WORKDIR. A slash at the end
 * stays. */
const char *image_draft_path(const struct image_draft *draft, const char *path);

#endif
