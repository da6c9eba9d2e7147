/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `RUN --mount=type=cache,target=/root/.cache,sharing=locked`, field by field.
 *
 * All of it was written by whoever made the Dockerfile: paths and ids are checked again, as hostile
 * texts, by whoever mounts.
 */
#ifndef YAWL_RUNTIME_BUILD_BUILD_MOUNT_H
#define YAWL_RUNTIME_BUILD_BUILD_MOUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/build/expansion.h"
#include "runtime/build/word.h"

enum mount_type {
    BUILD_MOUNT_BIND,
    BUILD_MOUNT_CACHE,
    BUILD_MOUNT_TMPFS,
    BUILD_MOUNT_SECRET,
    BUILD_MOUNT_SSH
};
enum mount_sharing { SHARING_DEFAULT, SHARING_SHARED, SHARING_PRIVATE, SHARING_LOCKED };

/* Texts are NULL and numbers -1 when they are not given. */
struct build_mount {
    enum mount_type type;
    struct position at;
    struct word from; /* stage, image or context; never holds a variable */
    const char *source, *target, *id, *env;
    enum mount_sharing sharing;
    bool read_only, required;
    int64_t size_bytes; /* of a tmpfs */
    int64_t mode, uid, gid;
};

/* What is read, and with which variables. */
struct build_mount_source {
    struct word value;
    struct expansion *expansion; /* NULL: values with variables stay as they are, unchecked */
};

/* Texts are put into the arena. Fails with what is wrong. */
MUST_CHECK int build_mount_parse(const struct build_mount_source *source, struct arena *arena,
                                 struct build_mount *ret_mount, struct error *err);

#endif
