/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tells which files change below some paths, by inotify.
 *
 * What is told is a path that may have changed, been made or been removed: who hears of it looks
 * what is there now. New directories are told with all that is in them. A path need not exist: what
 * is nearest above it is watched then, as it also is of a path that exists, so that one which is
 * removed and made again is seen. Links are never followed.
 */
#ifndef YAWL_ORCHESTRATOR_CLI_WATCH_FILE_TREE_H
#define YAWL_ORCHESTRATOR_CLI_WATCH_FILE_TREE_H

#include <stdbool.h>

#include "common/error.h"
#include "common/loop.h"

struct file_tree_options {
    struct loop *loop;
    /* Called for each change, several times for one file at times. */
    void (*changed)(void *owner, const char *path);
    /* Whether nothing in this directory counts: it is not even watched. */
    bool (*skips)(void *owner, const char *directory);
    /* Watching does not go on as it should; `err` says why. NULL is never passed. */
    void (*troubled)(void *owner, const struct error *err);
    void *owner;
};

struct file_tree;

/* The caller's. Fails when the kernel has no more instances of inotify for this user. */
MUST_CHECK int file_tree_new(const struct file_tree_options *options, struct file_tree **ret_tree,
                             struct error *err);
void file_tree_free(struct file_tree *tree);
DEFINE_SCOPED(struct file_tree *, file_tree_free)

/* Watches an absolute, clean path and all below it. Nothing is told of what is there already. */
MUST_CHECK int file_tree_add(struct file_tree *tree, const char *path, struct error *err);

/* Tells of the path and of everything below it once, without watching: `loop` and `troubled` do not
 * count. */
void file_tree_list(const struct file_tree_options *options, const char *path);

#endif
