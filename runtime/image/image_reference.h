/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The name of an image: registry, repository, tag or digest.
 *
 * The grammar and the short forms are docker's (github.com/distribution/reference, reference.go and
 * normalize.go): "postgres" is "docker.io/library/postgres:latest", a first component with a dot, a
 * colon or a capital letter, or "localhost", is a registry, a digest wins over a tag.
 */
#ifndef YAWL_RUNTIME_IMAGE_IMAGE_REFERENCE_H
#define YAWL_RUNTIME_IMAGE_IMAGE_REFERENCE_H

#include "common/arena.h"
#include "common/error.h"

struct image_reference {
    const char *registry;   /* "docker.io", "localhost:5000", "[::1]:5000" */
    const char *repository; /* "library/postgres" */
    const char *tag;        /* "16"; NULL when there is a digest */
    const char *digest;     /* "sha256:...", or NULL */
};

/* Parses what a user wrote; the texts are copied into the arena. Fails with what is wrong. */
MUST_CHECK int image_reference_parse(const char *text, struct arena *arena,
                                     struct image_reference *ret_reference, struct error *err);

/* "docker.io/library/postgres:16", "ghcr.io/x/y@sha256:...". */
char *image_reference_format(const struct image_reference *reference, struct arena *arena);

/* As people write it: without docker.io/ and library/. */
char *image_reference_familiar(const struct image_reference *reference, struct arena *arena);

/* Parse and format in one step. */
MUST_CHECK int image_reference_normalise(const char *text, struct arena *arena,
                                         const char **ret_text, struct error *err);

#endif
