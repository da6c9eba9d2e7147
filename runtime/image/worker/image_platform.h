/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which machine an image is for, in Go's words: "linux", "amd64", "v7".
 */
#ifndef YAWL_RUNTIME_IMAGE_WORKER_IMAGE_PLATFORM_H
#define YAWL_RUNTIME_IMAGE_WORKER_IMAGE_PLATFORM_H

#include <stdbool.h>
#include <stddef.h>

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

#endif
