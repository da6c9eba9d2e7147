/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What to pull, as yawl-image is told on its command line:
 *
 *     REF[,platform=OS/ARCH[/VARIANT]][,digest=sha256:...]
 *
 * A reference has no comma. With a digest (a lock file's) the content is that one, whatever the tag
 * means by now, and the image is still kept under REF.
 */
#ifndef YAWL_RUNTIME_IMAGE_WORKER_PULL_ITEM_H
#define YAWL_RUNTIME_IMAGE_WORKER_PULL_ITEM_H

#include "common/arena.h"
#include "common/error.h"
#include "runtime/image/image_platform.h"
#include "runtime/image/image_reference.h"

struct pull_item {
    const char *text;                 /* REF as it was given */
    struct image_reference reference; /* what it is kept under */
    struct image_reference source;    /* what is asked for: the same, or by digest */
    const char *platform_text;        /* "linux/arm64/v8"; NULL: this machine's */
    struct image_platform platform;   /* never NULL inside */
};

/* Texts live in the arena. */
MUST_CHECK int pull_item_parse(const char *text, struct arena *arena, struct pull_item *ret_item,
                               struct error *err);

#endif
