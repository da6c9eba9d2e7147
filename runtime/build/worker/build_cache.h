/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cache_from and cache_to: steps that come from elsewhere, and go there.
 *
 * They travel as images (step_records.h): the one that was built, or one that is made for it, whose
 * layers are those of the steps and which is no file system. In the store it has no name, and goes
 * when it has been written or read; the steps keep the layers.
 */
#ifndef YAWL_RUNTIME_BUILD_WORKER_BUILD_CACHE_H
#define YAWL_RUNTIME_BUILD_WORKER_BUILD_CACHE_H

#include "runtime/build/worker/build.h"

struct build_cache *build_cache_new(void);
void build_cache_free(struct build_cache *cache);

/* A step that was taken, or found. Used by several threads. */
void build_cache_note(struct build_cache *cache, size_t stage, const char *key,
                      const struct step_record *record);

/* Makes the steps of cache_from known. What cannot be read is warned about and left out; a wrong
 * entry is an error. */
MUST_CHECK int build_cache_read(struct build *build, struct error *err);

/* Adds the steps to the configuration of what is built, if that is asked for. */
void build_cache_put_inline(struct build *build, json_t *config);

/* Writes the others of cache_to. */
MUST_CHECK int build_cache_write(struct build *build, struct error *err);

#endif
