/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What steps made, so that they need not be taken again: build/steps/<key> below the data root.
 *
 * A key is the digest of all that a step depends on: the layers that it begins on, what the
 * instruction says with values in place, and the content that it reads. Its value is the layer, if
 * any, and the moment when it was made. Reading a record renews its time, which is what `build
 * prune` goes by. May be used by several threads.
 */
#ifndef YAWL_RUNTIME_IMAGE_WORKER_STEP_CACHE_H
#define YAWL_RUNTIME_IMAGE_WORKER_STEP_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/sha256.h"
#include "runtime/image/image_digest.h"
#include "runtime/image/image_store.h"

struct step_record {
    char diff_id[IMAGE_DIGEST_SIZE]; /* "" when the step has written nothing */
    char created[40];                /* RFC 3339 */
};

struct step_cache;

/* The store is borrowed. */
struct step_cache *step_cache_new(struct image_store *store, struct error *err);
void step_cache_free(struct step_cache *cache);
DEFINE_SCOPED(struct step_cache *, step_cache_free)

/* Whether there is a record, and its layer is here. */
bool step_cache_find(struct step_cache *cache, const char *key, struct step_record *ret_record);

/* Known to this run at once, on the disk with step_cache_commit(): when its layer is. */
void step_cache_put(struct step_cache *cache, const char *key, const struct step_record *record);
MUST_CHECK int step_cache_commit(struct step_cache *cache, struct error *err);

/* Forgets the steps that were not needed since `before` (unix seconds), and with `all` those of any
 * time and what RUN --mount=type=cache has kept; caches that a build is using stay. *ret_count: of
 * steps. Layers are the collection's to remove. */
struct step_prune {
    int64_t before;
    bool all;
};
MUST_CHECK int step_cache_prune(struct image_store *store, const struct step_prune *rule,
                                size_t *ret_count, struct error *err);

/* The layers of all records, in the arena: the store keeps them. */
MUST_CHECK int step_cache_layers(struct image_store *store, struct arena *arena,
                                 struct string_list *ret_diff_ids, struct error *err);

#endif
