/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Contexts and sources of ADD that are git repositories, fetched by this machine's git.
 *
 * The repository is hostile: no hook, filter or other transport of its choosing is run, and its
 * tree is read as any other (source_list.h).
 */
#ifndef YAWL_RUNTIME_BUILD_WORKER_GIT_SOURCE_H
#define YAWL_RUNTIME_BUILD_WORKER_GIT_SOURCE_H

#include "runtime/build/git_address.h"
#include "runtime/build/worker/builder.h"

enum { GIT_COMMIT_SIZE = 65 }; /* with its NUL; sha1 has less */

struct git_fetch {
    const struct git_address *address;
    bool keeps_git_dir;
    const char *checksum; /* the commit that it must be, or NULL */
};

/* Fetches one commit with its submodules; *ret_tree_fd, of the repository's root or the folder, is
 * the caller's, and the tree lives as long as the builder. */
MUST_CHECK int git_source_fetch(struct builder *builder, const struct git_fetch *fetch,
                                char ret_commit[GIT_COMMIT_SIZE], int *ret_tree_fd,
                                struct error *err);

#endif
