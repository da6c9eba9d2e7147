/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The images that the build of a Dockerfile's target needs from outside, without building it.
 */
#ifndef YAWL_RUNTIME_BUILD_BASES_H
#define YAWL_RUNTIME_BUILD_BASES_H

#include "runtime/build/build_arguments.h"

struct base_image {
    const char *reference; /* as written, with values in place */
    const char *platform;  /* "linux/arm64" */
    struct position at;    /* where it is named first */
};

struct base_list {
    struct base_image *items;
    size_t count;
};

struct base_request {
    struct dockerfile_source source;
    const struct build_arguments *arguments;
    const struct string_list *contexts; /* names of additional contexts; may be NULL */
};

/*
 * What FROM, COPY --from and mounts of needed stages name, each image and platform once, in the
 * order of the stages; neither `scratch` nor what one of the named contexts stands in for. Mistakes
 * are added; -1 when there was one.
 */
MUST_CHECK int dockerfile_bases(const struct base_request *request, struct arena *arena,
                                struct diagnostics *diagnostics, struct base_list *ret_bases);

#endif
