/* SPDX-License-Identifier: Apache-2.0 */
/*
 * compose.lock: what each image reference of a project meant when it was locked.
 *
 *     {
 *       "version": 1,
 *       "images": {
 *         "docker.io/library/postgres:16": {
 *           "digest": "sha256:...",
 *           "media_type": "application/vnd.oci.image.index.v1+json",
 *           "registry": "docker.io",
 *           "platforms": {
 *             "linux/amd64": {"digest": "sha256:...", "size": 157286400}
 *           }
 *         }
 *       }
 *     }
 *
 * It is kept in version control: references and platforms are sorted and nothing in it changes but
 * by a change of what it says. What a file holds was written by anybody, and is checked.
 */
#ifndef YAWL_ORCHESTRATOR_CLI_IMAGE_LOCK_FILE_H
#define YAWL_ORCHESTRATOR_CLI_IMAGE_LOCK_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/error.h"
#include "common/text.h"

enum { LIMIT_LOCKED_IMAGES = 10000, LIMIT_LOCKED_PLATFORMS = 1000 };

struct lock_platform {
    const char *platform; /* "linux/arm64" */
    const char *digest;   /* of its manifest */
    int64_t size;         /* bytes of its configuration and layers */
};

struct lock_image {
    const char *reference; /* normalised */
    const char *digest;    /* of the index, or of the only manifest */
    const char *media_type;
    const char *registry;
    struct lock_platform *platforms; /* sorted */
    size_t n_platforms;
};

struct lock_file {
    struct lock_image *images; /* sorted by reference */
    size_t n_images;
};

/* Reads the text of a file; everything is copied into the arena. The error has the place in the
 * file, which is called `name`. */
MUST_CHECK int lock_file_parse(const char *bytes, size_t length, const char *name,
                               struct arena *arena, struct lock_file *ret_lock, struct error *err);

/* Reads one image from JSON as the file has it, or as the worker's `resolve` answers (with
 * "platforms" as a list). */
struct json_t;
MUST_CHECK int lock_image_read(const struct json_t *json, const char *reference,
                               struct arena *arena, struct lock_image *ret_image,
                               struct error *err);

void lock_file_format(const struct lock_file *lock, struct text *out);

/* By the normalised reference, or NULL; `lock` may be NULL. */
const struct lock_image *lock_file_find(const struct lock_file *lock, const char *reference);

/* Whether content of this digest is what was locked: the index, or the manifest of a platform. An
 * image from an archive may know of its manifest only. `digest` may be NULL. */
bool lock_image_has(const struct lock_image *image, const char *digest);

/* Adds it or takes the place of the one with the same reference. */
void lock_file_put(struct lock_file *lock, const struct lock_image *image, struct arena *arena);

#endif
