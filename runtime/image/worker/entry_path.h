/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The name of an archive entry, brought to one form: no leading slash, no "." and no empty
 * components, ".." refused, bounded. It is still only text: symbolic links of the layer are
 * resolved by layer_tree.
 */
#ifndef YAWL_RUNTIME_IMAGE_WORKER_ENTRY_PATH_H
#define YAWL_RUNTIME_IMAGE_WORKER_ENTRY_PATH_H

#include <stdbool.h>

#include "common/error.h"
#include "runtime/image/image_limits.h"

struct entry_path {
    char parent[LIMIT_ENTRY_PATH_BYTES + 1]; /* "usr/lib"; "" is the layer's root */
    char base[LIMIT_ENTRY_NAME_BYTES + 1];   /* "libc.so"; "" when the entry is the root itself */
};

MUST_CHECK int entry_path_parse(const char *name, struct entry_path *ret_path, struct error *err);

enum entry_role {
    ENTRY_PLAIN,
    ENTRY_WHITEOUT, /* .wh.NAME: base is now NAME */
    ENTRY_OPAQUE,   /* .wh..wh..opq: parent is the directory, base is "" */
    ENTRY_IGNORED,  /* aufs' own bookkeeping, .wh..wh.* */
};

/* What the name means (image-spec layer.md, "Whiteouts"). Fails on whiteouts of nothing, of "." and
 * "..", and on entries inside of one. */
MUST_CHECK int entry_path_role(struct entry_path *path, enum entry_role *ret_role,
                               struct error *err);

#endif
