/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which machine an image is for, in Go's words: "linux", "amd64", "v7".
 *
 * What people write is brought to containerd's one form (github.com/containerd/platforms,
 * database.go): "aarch64" is "arm64", the usual variant of an architecture is left out, except for
 * arm, where it is "v7".
 */
#ifndef YAWL_RUNTIME_IMAGE_IMAGE_PLATFORM_H
#define YAWL_RUNTIME_IMAGE_IMAGE_PLATFORM_H

#include <stdbool.h>
#include <stddef.h>

#include "common/arena.h"
#include "common/error.h"

struct image_platform {
    const char *os;           /* NULL: not told */
    const char *architecture; /* "" when not told */
    const char *variant;      /* "" when not told */
};

/* This machine. The texts are constant. */
struct image_platform image_platform_host(void);

/* How well an image suits a machine: 0 not at all, more is better. The order follows containerd's:
 * the same variant, then lower ones, then none. */
unsigned image_platform_match(const struct image_platform *machine,
                              const struct image_platform *image);

/* Reads "OS[/ARCHITECTURE[/VARIANT]]"; a missing architecture is this machine's. */
MUST_CHECK int image_platform_parse(const char *text, struct arena *arena,
                                    struct image_platform *ret_platform, struct error *err);

/* "linux/arm64", "linux/arm/v6". */
char *image_platform_format(const struct image_platform *platform, struct arena *arena);

/* How the catalog names the platform that a user wrote, or none (NULL): NULL when it is this
 * machine's own, else as image_platform_format(). */
MUST_CHECK int image_platform_key(const char *text, struct arena *arena, const char **ret_key,
                                  struct error *err);

#endif
