/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The layers that a run of builds has made, and those of the store that it builds on.
 *
 * The upper directory of a step becomes the layer itself: it is renamed, never copied, and known by
 * the digest of the tar that it makes. New layers are staged, and all of them move into the store
 * with one sync at the end; until then a killed build leaves nothing that could be taken for whole.
 * May be used by several threads.
 */
#ifndef YAWL_RUNTIME_BUILD_WORKER_LAYER_POOL_H
#define YAWL_RUNTIME_BUILD_WORKER_LAYER_POOL_H

#include <stdbool.h>

#include "runtime/image/image_digest.h"
#include "runtime/image/image_store.h"

struct layer_pool;

/* The store is borrowed. */
struct layer_pool *layer_pool_new(struct image_store *store, struct error *err);
/* What was not committed is gone. */
void layer_pool_free(struct layer_pool *pool);
DEFINE_SCOPED(struct layer_pool *, layer_pool_free)

/* Takes "upper" out of the step's directory; what is newer than `newest_s` (unix seconds,
 * INT64_MAX: any time) gets that time. `ret_diff_id` is "" when nothing was written. */
MUST_CHECK int layer_pool_take(struct layer_pool *pool, int step_fd, int64_t newest_s,
                               char ret_diff_id[IMAGE_DIGEST_SIZE], struct error *err);

/* Whether the layer is there, new or in the store. */
bool layer_pool_has(struct layer_pool *pool, const char *diff_id);

/* The absolute path of a layer's tree, for as long as the pool lives, whether it moves or not. */
MUST_CHECK int layer_pool_path(struct layer_pool *pool, const char *diff_id, struct arena *arena,
                               const char **ret_path, struct error *err);

/* Whether the layer's root hides all that is below. */
bool layer_pool_covers_all(struct layer_pool *pool, const char *diff_id);

/* Moves what is new into the store. */
MUST_CHECK int layer_pool_commit(struct layer_pool *pool, struct error *err);

#endif
