/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a COPY or ADD reads: every file, directory and link, found before anything is written, so
 * that its digest can be looked up first.
 *
 * The tree that is read is hostile: a path is resolved with the tree as its root, and what it led
 * to is read by a path without links. A source that is a link stands for what it points to; links
 * further down are copied as links.
 */
#ifndef YAWL_RUNTIME_BUILD_WORKER_SOURCE_LIST_H
#define YAWL_RUNTIME_BUILD_WORKER_SOURCE_LIST_H

#include "runtime/build/ignore_file.h"
#include "runtime/build/worker/digest_memo.h"

/* A tree to read from. */
struct source_tree {
    int fd;
    uint64_t domain;                  /* for the memo */
    const struct ignore_file *ignore; /* what is not there, or NULL */
    bool keeps_owners;                /* a stage's or an image's, not a directory of the user */
    bool is_empty;                    /* FROM scratch: there is nothing to find */
};

struct source_item {
    const char *from; /* below the tree, without links; "" is the tree itself */
    const char *to;   /* below the destination; "" is what the source itself becomes */
    struct stat status;
    const char *link;
};

/* One source: a file, or a directory whose content is meant. */
struct source_group {
    const char *name; /* the last part of the path, for a destination that is a directory */
    size_t first, count;
    bool is_directory;
};

struct source_list {
    struct source_item *items;
    size_t count;
    struct source_group *groups;
    size_t n_groups;
};

struct source_request {
    const struct source_tree *tree;
    const char *path;                  /* as the Dockerfile has it; may be a pattern */
    bool parents;                      /* --parents: the path is kept below the destination */
    const struct ignore_file *exclude; /* --exclude; or NULL */
};

/* Adds what the path stands for. Nothing being there is an error that names the path. */
MUST_CHECK int source_list_add(struct source_list *list, const struct source_request *request,
                               struct arena *arena, struct error *err);

/* Adds all that matters of the items to the digest: names, kinds, modes, content, and owners where
 * they are kept. */
MUST_CHECK int source_list_digest(const struct source_list *list, const struct source_tree *tree,
                                  struct digest_memo *memo, struct sha256 *hash, struct error *err);

#endif
