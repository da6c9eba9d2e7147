/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The directories of a layer while it is being unpacked: finding them, making them, describing
 * them.
 *
 * A path from the archive is resolved here, component by component, with the layer's own symbolic
 * links and with the layer's directory as "/". What the kernel opens is the resulting path, without
 * links (openat2(2), RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS), so no link leads outside even if the
 * resolution were wrong. Nobody else writes there meanwhile. "Path" below means one without links;
 * "" is the root.
 */
#ifndef YAWL_RUNTIME_IMAGE_WORKER_LAYER_DIRS_H
#define YAWL_RUNTIME_IMAGE_WORKER_LAYER_DIRS_H

#include "common/text.h"
#include "runtime/image/worker/dir_table.h"
#include "runtime/image/worker/tar_reader.h"

struct layer_dirs;

/* `root_fd` stays the caller's. */
struct layer_dirs *layer_dirs_new(int root_fd, struct error *err);
void layer_dirs_free(struct layer_dirs *dirs);
DEFINE_SCOPED(struct layer_dirs *, layer_dirs_free)

/* Opens a directory by its path. Returns the descriptor, or -1 with errno. */
int layer_dirs_open(const struct layer_dirs *dirs, const char *path, int flags);

/* Opens a directory (O_PATH) by a name as the archive says it, and tells its path. With
 * `may_create` what is missing is made, implicit; links to nowhere lead to new directories too, for
 * a lower layer may have them. Returns the descriptor, or -1. */
MUST_CHECK int layer_dirs_resolve(struct layer_dirs *dirs, const char *name, bool may_create,
                                  struct text *ret_path, struct error *err);

/* A directory was made at the path: whatever was known of one there is forgotten. */
void layer_dirs_created(struct layer_dirs *dirs, const char *path);

/* Something in the directory is of that time. An implicit directory is as old as the newest thing
 * in it. */
void layer_dirs_changed(struct layer_dirs *dirs, const char *path, struct timespec when);

/* Takes owner and attributes of the entry now, mode and times at the end. */
MUST_CHECK int layer_dirs_describe(struct layer_dirs *dirs, const char *path,
                                   const struct tar_entry *entry, struct tar_reader *reader,
                                   struct error *err);

/* Makes the directory hide what lower layers have in it. */
MUST_CHECK int layer_dirs_set_opaque(struct layer_dirs *dirs, const char *path, struct error *err);

/* The directory takes the place of what lower layers have there: it is opaque, and a directory of
 * theirs says nothing about this one. */
MUST_CHECK int layer_dirs_set_anew(struct layer_dirs *dirs, const char *path, struct error *err);

/* Whether a directory above the path is opaque. */
bool layer_dirs_is_below_opaque(const struct layer_dirs *dirs, const char *path);

/* Whether the directory behind the descriptor (not O_PATH) carries overlayfs' mark. */
bool layer_dirs_is_opaque(int dir_fd);

/* Gives the directories their modes and times; nothing may be made afterwards. The table is sorted
 * and stays ours. */
MUST_CHECK int layer_dirs_finish(struct layer_dirs *dirs, const struct dir_table **ret_table,
                                 struct error *err);

#endif
