/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Implicit directories, put right for one chain of layers.
 *
 * A layer's tar may hold /a/b/c without entries for /a and /a/b. Unpacked alone, as layers are here
 * so that they can be shared and unpacked in any order, such a directory gets mode 0755 and owner
 * root - and on top of other layers it would override what they say of /a. The right attributes
 * depend on what is below, so they cannot be in the layer, which other chains use too. They go into
 * one more layer on top of the chain, the mend: it has only the directories whose attributes would
 * come out wrong, with those of the nearest layer below that describes them. overlayfs merges
 * directories and takes attributes from the topmost, so nothing else changes. Most chains need
 * none.
 *
 *     layer 1   /srv (1777, user 33)         explicit
 *     layer 2   /srv/x/file                  /srv and /srv/x implicit
 *     mend      /srv (1777, user 33)         /srv/x is as new
 *
 * What is hidden by whiteouts and opaque directories in between does not count.
 */
#ifndef YAWL_RUNTIME_IMAGE_WORKER_LAYER_MEND_H
#define YAWL_RUNTIME_IMAGE_WORKER_LAYER_MEND_H

#include <stdbool.h>
#include <stddef.h>

#include "common/arena.h"
#include "common/error.h"

/* A layer of the chain as it is on the disk. */
struct mend_layer {
    int fs_fd;
    struct string_list implicit; /* sorted by strcmp(); "" is the root */
};

/* Makes `fs` below an empty directory when the chain (lowest first) needs a mend; *ret_needed says
 * so. */
MUST_CHECK int layer_mend(const struct mend_layer *layers, size_t n_layers, int mend_fd,
                          bool *ret_needed, struct error *err);

#endif
