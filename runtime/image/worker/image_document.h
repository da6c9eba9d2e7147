/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The JSON documents around an image: OCI and docker indexes and manifests, and docker save's list.
 *
 * Parsing is pure and strict: a document that is both an index and a manifest, of an unknown kind,
 * or of another kind than announced is refused (CVE-2021-41190), and so are digests that are none,
 * because they become file names and addresses (CVE-2024-3727). Texts are copied into the arena.
 */
#ifndef YAWL_RUNTIME_IMAGE_WORKER_IMAGE_DOCUMENT_H
#define YAWL_RUNTIME_IMAGE_WORKER_IMAGE_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/error.h"
#include "runtime/image/image_platform.h"

enum media_kind {
    MEDIA_INDEX,    /* OCI index, docker manifest list */
    MEDIA_MANIFEST, /* OCI manifest, docker schema 2 */
    MEDIA_CONFIG,
    MEDIA_LAYER, /* tar, tar+gzip, tar+zstd; what it is really shows in its first bytes */
    MEDIA_OTHER,
};

enum media_kind media_kind_of(const char *media_type);

struct image_descriptor {
    enum media_kind kind;
    const char *media_type;
    const char *digest; /* "sha256:..." */
    int64_t size;
    struct image_platform platform; /* of an index entry; os NULL when not given */
    const char *full_name;          /* annotation io.containerd.image.name, or NULL */
    const char *ref_name;           /* annotation org.opencontainers.image.ref.name, or NULL */
    bool is_attestation;            /* what BuildKit says about an image, not an image */
};

struct image_index {
    struct image_descriptor *entries;
    size_t count;
};

struct image_manifest {
    struct image_descriptor config;
    struct image_descriptor *layers; /* lowest first */
    size_t n_layers;
};

MUST_CHECK int image_index_parse(const char *bytes, size_t length, struct arena *arena,
                                 struct image_index *ret_index, struct error *err);

/* Whether the entry is an image or an index of images, not something said about one. */
bool image_descriptor_is_image(const struct image_descriptor *entry);

/* The entry of an index for a machine, or NULL. One without a platform suits when nothing else
 * does. */
const struct image_descriptor *image_index_choose(const struct image_index *index,
                                                  const struct image_platform *machine);

MUST_CHECK int image_manifest_parse(const char *bytes, size_t length, struct arena *arena,
                                    struct image_manifest *ret_manifest, struct error *err);

/* One image of manifest.json in an archive of docker save. The names are paths in the archive. */
struct docker_image {
    const char *config;
    struct string_list repo_tags;
    struct string_list layers;
};

struct docker_list {
    struct docker_image *images;
    size_t count;
};

MUST_CHECK int docker_list_parse(const char *bytes, size_t length, struct arena *arena,
                                 struct docker_list *ret_list, struct error *err);

#endif
