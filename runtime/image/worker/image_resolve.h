/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a reference means to its registry right now: the digests and sizes that a lock file keeps.
 * Nothing is pulled.
 */
#ifndef YAWL_RUNTIME_IMAGE_WORKER_IMAGE_RESOLVE_H
#define YAWL_RUNTIME_IMAGE_WORKER_IMAGE_RESOLVE_H

#include "common/json.h"
#include "runtime/image/registry/registry.h"

/*
 *     {"reference": "docker.io/library/postgres:16", "digest": "sha256:...", "media_type": "...",
 *      "platforms": [{"platform": "linux/amd64", "digest": "sha256:...", "size": 157286400}]}
 *
 * `size` is that of the configuration and the layers as they travel. The caller owns the result;
 * NULL on error.
 */
json_t *image_resolve(struct registry *registry, const char *text, struct error *err);

#endif
