/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `build --check` says about a Dockerfile that can be built, but perhaps not as it was meant.
 *
 * Names and texts of the rules are those of Docker's build checks, so that people find them. The
 * directive `# check=skip=NAME,...;error=true;experimental=NAME,...` and the build argument
 * BUILDKIT_DOCKERFILE_CHECK, which goes before it, choose rules and make errors of them.
 */
#ifndef YAWL_RUNTIME_BUILD_LINT_H
#define YAWL_RUNTIME_BUILD_LINT_H

#include "runtime/build/build_arguments.h"
#include "runtime/image/image_platform.h"

/* What is known about an image. */
struct lint_base {
    const char *reference;          /* as FROM names it, with values in place */
    struct string_list environment; /* "NAME=value" */
    struct image_platform platform; /* what it is for; os NULL: not known */
};

struct lint_options {
    const struct build_arguments *arguments;
    /* Where an image is not among them, only names that look like mistyped ones are called
     * undefined. */
    const struct lint_base *bases;
    size_t n_bases;
    /* Whether the ignore file keeps a path out of the context; NULL: there is no context. */
    bool (*is_ignored)(void *owner, const char *path);
    void *owner;
};

/* Adds what is found, each with the name of its rule as the path: warnings, or errors when the file
 * asks for that. Variables that cannot be expanded are mistakes as ever. */
void dockerfile_lint(const struct dockerfile *dockerfile, const struct lint_options *options,
                     struct arena *arena, struct diagnostics *diagnostics);

#endif
