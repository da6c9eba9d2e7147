/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes the content of one layer below a directory, in the form that overlayfs mounts.
 *
 * Parents are resolved by layer_dirs; the last component of a name is never followed. What is there
 * already gives way, unless both are directories.
 *
 * Whiteouts (image-spec layer.md) become character devices 0:0, opaque directories get overlayfs'
 * attribute. Neither affects entries of the same layer, whatever the order:
 *
 *     the layer has         and then          result
 *     .wh.x                 x (file)          the file
 *     .wh.x                 x/ or x/y         an opaque directory
 *     x (file)              .wh.x             the file
 *     x/ or x/y             .wh.x             the directory, now opaque
 *     x (file)              x/                an opaque directory
 */
#ifndef YAWL_RUNTIME_IMAGE_WORKER_LAYER_TREE_H
#define YAWL_RUNTIME_IMAGE_WORKER_LAYER_TREE_H

#include "runtime/image/worker/dir_table.h"
#include "runtime/image/worker/tar_reader.h"

struct layer_tree;

/* `root_fd` is an empty directory and stays the caller's. */
struct layer_tree *layer_tree_new(int root_fd, struct error *err);
void layer_tree_free(struct layer_tree *tree);
DEFINE_SCOPED(struct layer_tree *, layer_tree_free)

/* Takes one entry of the archive, its data included. */
MUST_CHECK int layer_tree_add(struct layer_tree *tree, const struct tar_entry *entry,
                              struct tar_reader *reader, struct error *err);

/* How many devices were left out, because this user may not make any. */
size_t layer_tree_left_out(const struct layer_tree *tree);

/* Gives the directories their modes and times. Then the table is sorted and tells which are
 * implicit and which opaque; it is the tree's. Nothing may be added afterwards. */
MUST_CHECK int layer_tree_finish(struct layer_tree *tree, const struct dir_table **ret_dirs,
                                 struct error *err);

#endif
