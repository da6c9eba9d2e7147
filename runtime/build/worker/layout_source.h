/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Images to build on that lie in a folder as an OCI layout:
 *
 *     oci-layout://FOLDER[:TAG][@sha256:DIGEST]
 *
 * They come into the store under no name.
 */
#ifndef YAWL_RUNTIME_BUILD_WORKER_LAYOUT_SOURCE_H
#define YAWL_RUNTIME_BUILD_WORKER_LAYOUT_SOURCE_H

#include "runtime/image/image_store.h"

bool layout_source_is(const char *text);

/* Without a tag and a digest it is the only image there, or "latest". *ret_image is in the arena.
 */
MUST_CHECK int layout_source_find(struct image_store *store, const char *text, struct arena *arena,
                                  struct image **ret_image, struct error *err);

#endif
