/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The layers of one image that the store lacks, as a tree or as a blob: found, locked against other
 * processes that bring the same, and taken in.
 *
 * Who waits for a lock finds the layer there afterwards and leaves it out.
 */
#ifndef YAWL_RUNTIME_IMAGE_WORKER_MISSING_LAYERS_H
#define YAWL_RUNTIME_IMAGE_WORKER_MISSING_LAYERS_H

#include "runtime/image/worker/image_import.h"
#include "runtime/image/worker/image_staging.h"

struct missing_layers;

/* All is borrowed; there are as many diffIDs as layers. */
struct missing_layers *missing_layers_new(struct image_store *store,
                                          const struct import_image *image,
                                          const struct string_list *diff_ids, struct arena *arena);
void missing_layers_free(struct missing_layers *missing);
DEFINE_SCOPED(struct missing_layers *, missing_layers_free)

/* Waits until nobody else brings what is missing. The locks last until missing_layers_free(). */
MUST_CHECK int missing_layers_lock(struct missing_layers *missing, struct error *err);

MUST_CHECK int missing_layers_take(struct missing_layers *missing,
                                   const struct layer_opener *opener, struct image_staging *staging,
                                   struct error *err);

/* Afterwards: the digest of a layer's blob, in the store or staged. */
const char *missing_layers_blob(const struct missing_layers *missing, size_t at);

#endif
