/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An entry of cache_from or cache_to, as BuildKit writes them: "type=registry,ref=NAME,mode=max",
 * or a NAME alone, which is one of a registry.
 */
#ifndef YAWL_RUNTIME_BUILD_CACHE_SPEC_H
#define YAWL_RUNTIME_BUILD_CACHE_SPEC_H

#include <stdbool.h>

#include "common/arena.h"
#include "common/error.h"

enum cache_kind {
    CACHE_REGISTRY, /* `reference` */
    CACHE_LOCAL,    /* `folder`: an OCI layout, and perhaps `tag` in it */
    CACHE_INLINE,   /* in the image that is built */
    CACHE_OTHER,    /* one that others know */
};

struct cache_spec {
    enum cache_kind kind;
    const char *type; /* as written */
    const char *reference;
    const char *folder, *tag;
    bool all_stages;     /* mode=max: also the steps of stages that the image is not built on */
    bool ignores_errors; /* ignore-error=true */
};

/* `is_target` says that it is of cache_to, which has a folder as dest=, else src=. Fails on what is
 * missing. Attributes that say how BuildKit writes its own format have no meaning here. */
MUST_CHECK int cache_spec_parse(const char *text, bool is_target, struct arena *arena,
                                struct cache_spec *ret_spec, struct error *err);

#endif
