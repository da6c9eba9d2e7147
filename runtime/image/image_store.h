/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The images on this machine, for reading.
 *
 * Layout below the data root (mode 0700):
 *
 *     images/index.json            {"references": {"docker.io/library/postgres:16": "sha256:<config>"}}
 *     blobs/sha256/<hex>           configurations and manifests
 *     layers/<hex of diffID>/fs    unpacked once, unshifted, in overlayfs' own form
 *     layers/<hex>/complete        the commit marker; without it the layer is garbage
 *     tmp/                         being written
 *     lock                         flock: shared for use, exclusive for collection
 *
 * Writing is the business of the yawl-image worker (image_import.h).
 */
#ifndef YAWL_RUNTIME_IMAGE_IMAGE_STORE_H
#define YAWL_RUNTIME_IMAGE_IMAGE_STORE_H

#include "common/arena.h"
#include "common/cleanup.h"
#include "common/error.h"
#include "runtime/image/image_config.h"

struct image_store;

/* Opens (and on first use creates) the store below the data root, e.g. "/var/lib/yawl". */
struct image_store *image_store_open(const char *data_root, struct error *err);
void image_store_free(struct image_store *store);
DEFINE_SCOPED(struct image_store *, image_store_free)

struct image {
    const char *reference; /* normalised: "docker.io/library/postgres:16" */
    struct image_config config;
    struct string_list layers; /* absolute paths of .../fs, lowest first */
};

/* Looks a reference up, as a user writes it ("postgres", "postgres:16", "ghcr.io/x/y@sha256:..." or an image
 * id). *ret_image is in the arena, or NULL when the store has no such image. */
MUST_CHECK int image_store_find(struct image_store *store, const char *reference, struct arena *arena,
                                struct image **ret_image, struct error *err);

/* All references, sorted. */
MUST_CHECK int image_store_list(struct image_store *store, struct arena *arena,
                                struct string_list *ret_references, struct error *err);

/* Docker's normalisation: docker.io and library/ are added, the tag defaults to latest, a digest wins over a
 * tag. Fails with what is wrong. */
MUST_CHECK int image_reference_normalise(const char *text, struct arena *arena, const char **ret_text,
                                         struct error *err);

#endif
