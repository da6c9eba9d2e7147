/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The names of images: given, taken away, and all of those that nobody needs.
 *
 * Only the catalog changes here; what nothing leads to any more is garbage for image_collect.
 */
#ifndef YAWL_RUNTIME_IMAGE_WORKER_IMAGE_TAGS_H
#define YAWL_RUNTIME_IMAGE_WORKER_IMAGE_TAGS_H

#include "runtime/image/image_store.h"

/* Gives an image (for all its platforms) one more name. */
MUST_CHECK int image_tag(struct image_store *store, const char *source, const char *target,
                         struct error *err);

/* What was done: names that are gone, and ids of images without a name left. In the arena. */
struct untagged {
    struct string_list references, ids;
};

/* Takes the name away, or all names when it is an id. Without `force` it fails when the image would
 * be gone and a container still needs it, and when an id has several names. */
MUST_CHECK int image_untag(struct image_store *store, const char *name, bool force,
                           struct arena *arena, struct untagged *untagged, struct error *err);

/* Which images go by themselves: those without a name, or, with `all`, those that no container
 * needs; only those created before a moment (unix seconds), if it is not 0. */
struct untag_rule {
    bool all;
    int64_t created_before;
};

MUST_CHECK int image_untag_unused(struct image_store *store, const struct untag_rule *rule,
                                  struct arena *arena, struct untagged *untagged,
                                  struct error *err);

#endif
