/* SPDX-License-Identifier: Apache-2.0 */
/*
 * images/index.json: which reference means which image.
 *
 *     {"references": {
 *         "docker.io/library/postgres:16": {"config": "sha256:...", "manifest": "sha256:...",
 *                                           "index": "sha256:...", "pulled_at": 1767225600},
 *         "docker.io/library/postgres:16 linux/arm64": {...}}}
 *
 * "config" is the image id. "manifest" and "index" are the digests it came by, where known, so that
 * "postgres@sha256:..." finds it too. An image without a name stands under its id. An image of
 * another machine has its platform behind the name, so that one tag may have several. Readers need
 * no lock: the file is replaced in one step. Writers hold images/lock from reading to writing.
 */
#ifndef YAWL_RUNTIME_IMAGE_IMAGE_CATALOG_H
#define YAWL_RUNTIME_IMAGE_IMAGE_CATALOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/error.h"

struct image_record {
    const char *reference; /* normalised, or an image id */
    const char *config;    /* "sha256:...": the image id */
    const char *manifest;  /* "sha256:...", or NULL */
    const char *index;     /* "sha256:...", or NULL */
    const char *platform;  /* as of image_platform_key(): NULL is this machine's own */
    int64_t pulled_at;     /* unix seconds; 0: loaded, imported or built, not pulled */
};

struct image_catalog {
    struct arena *arena;          /* borrowed */
    struct image_record *records; /* sorted by reference and platform */
    size_t count;
};

/* Takes the lock of the writers, waiting for it. Returns the descriptor that holds it, or -1. */
MUST_CHECK int image_catalog_lock(int images_fd, struct error *err);

/* Reads index.json below `images_fd`; no file is an empty catalog. Everything lives in the arena.
 */
MUST_CHECK int image_catalog_read(int images_fd, struct arena *arena,
                                  struct image_catalog *ret_catalog, struct error *err);

/* Replaces index.json, synced. */
MUST_CHECK int image_catalog_write(int images_fd, const struct image_catalog *catalog,
                                   struct error *err);

/* Adds the record or replaces the one of the same reference and platform. Texts are copied. */
void image_catalog_put(struct image_catalog *catalog, const struct image_record *record);

/* Removes the record; false when it was not there. */
bool image_catalog_remove(struct image_catalog *catalog, const char *reference,
                          const char *platform);

/* The record of exactly this reference and platform, or NULL. */
const struct image_record *image_catalog_find(const struct image_catalog *catalog,
                                              const char *reference, const char *platform);

/* The record that a user means ("postgres", "postgres@sha256:...", an id or the first digits of
 * one), for the platform of image_platform_key(); an id, and the digest of a manifest, say by
 * themselves what they are for. *ret_record is NULL when there is none. */
MUST_CHECK int image_catalog_resolve(const struct image_catalog *catalog, const char *text,
                                     const char *platform, const struct image_record **ret_record,
                                     struct error *err);

#endif
