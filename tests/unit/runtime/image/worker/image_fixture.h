/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A directory for one test, with a canary that nothing may touch, and images to load.
 */
#ifndef YAWL_TESTS_UNIT_RUNTIME_IMAGE_WORKER_IMAGE_FIXTURE_H
#define YAWL_TESTS_UNIT_RUNTIME_IMAGE_WORKER_IMAGE_FIXTURE_H

#include <stdbool.h>
#include <sys/stat.h>

#include "runtime/image/image_digest.h"
#include "runtime/image/image_store.h"
#include "tests/unit/runtime/image/worker/tar_builder.h"

struct image_fixture {
    char path[64];   /* absolute */
    char canary[80]; /* a file in it, "tweet", mode 0600, time 1 */
    int fd;
    int layer_fd, fs_fd; /* of the last layer_build() */
};

/* Skips the test when it does not run as root: owners, devices and trusted attributes need it. */
void image_fixture_init(struct image_fixture *fixture);
void image_fixture_done(struct image_fixture *fixture);
#define scoped_fixture __attribute__((cleanup(image_fixture_done)))

bool image_fixture_canary_lives(const struct image_fixture *fixture);

/* Unpacks a tar (without its end) as a layer into the new directory `name`. */
int layer_build(struct image_fixture *fixture, const char *name, const struct text *tar,
                struct error *err);

/* lstat(2) in the tree of the last layer; st_mode is 0 when there is nothing. */
struct stat layer_stat(const struct image_fixture *fixture, const char *path);
bool layer_has(const struct image_fixture *fixture, const char *path);
bool layer_is_whiteout(const struct image_fixture *fixture, const char *path);
bool layer_is_opaque(const struct image_fixture *fixture, const char *path);
bool layer_holds(const struct image_fixture *fixture, const char *path, const char *content);
bool layer_has_xattr(const struct image_fixture *fixture, const char *path, const char *name);

/* The implicit directories of the last layer, with ',' after each, children first. */
void layer_implicit(const struct image_fixture *fixture, struct text *out);

enum wrapping { WRAP_NONE, WRAP_GZIP, WRAP_ZSTD };

struct fixture_layer {
    const struct text *tar; /* without its end */
    enum wrapping wrapping;
};

/* What the images of a test are made of, and what can be wrong with them. */
struct fixture_image {
    const char *ref_name; /* NULL: none */
    struct fixture_layer *layers;
    size_t n_layers;
    bool wrong_diff_id, wrong_digest, wrong_size;
    const char *config; /* members of "config", or NULL */
};

/* Writes an OCI layout as a tar file `name`; *ret_path (static length) is its path. */
void layout_build(struct image_fixture *fixture, const char *name,
                  const struct fixture_image *image, char ret_path[128]);

/* As docker save did before it wrote OCI layouts. */
void docker_build(struct image_fixture *fixture, const char *name,
                  const struct fixture_image *image, char ret_path[128]);

/* What `yawl-image load` does, into the store "store" below the fixture. */
int fixture_load(const struct image_fixture *fixture, const char *archive, struct error *err);
struct image_store *fixture_store(const struct image_fixture *fixture);

#endif
