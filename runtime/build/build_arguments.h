/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a build is asked for: values for ARG, a target, platforms. And the variables that come of
 * it before the first stage.
 */
#ifndef YAWL_RUNTIME_BUILD_BUILD_ARGUMENTS_H
#define YAWL_RUNTIME_BUILD_BUILD_ARGUMENTS_H

#include "runtime/build/dockerfile.h"
#include "runtime/build/scope.h"

struct build_arguments {
    struct string_list values;  /* "NAME=value"; of one name the last counts */
    const char *target;         /* a stage's name or number; NULL: the last stage */
    const char *platform;       /* of the image, "linux/arm64"; NULL: this machine's */
    const char *build_platform; /* of this machine; NULL: find out */
};

/* The value that was given for the name, or NULL. */
const char *build_arguments_get(const struct build_arguments *arguments, const char *name);

/*
 * The scope of FROM: TARGETPLATFORM and the others of its kind, and the ARGs before the first
 * stage. Stages take from it what they declare. Mistakes are added; -1 when there was one.
 */
MUST_CHECK int build_arguments_scope(const struct build_arguments *arguments,
                                     const struct dockerfile *dockerfile, struct arena *arena,
                                     struct diagnostics *diagnostics, struct scope **ret_scope);

/* The names that stand for proxies, one after the other; NULL behind the last. */
const char *build_arguments_proxy_name(size_t index);

/* "HTTP_PROXY=..." and the others that a RUN sees without an ARG, and that go into neither image
 * nor cache. */
struct string_list build_arguments_proxies(const struct build_arguments *arguments,
                                           struct arena *arena);

#endif
