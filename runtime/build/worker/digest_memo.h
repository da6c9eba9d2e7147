/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The digests of files that were read before, by inode, size and times: build/memo below the data
 * root. A file that nobody touched is not read again.
 *
 * A file that has just been changed is not remembered: another change within the same tick of the
 * file system's clock would go unseen. The memo is a cache: one that is damaged or of another
 * version is as good as none. May be used by several threads.
 */
#ifndef YAWL_RUNTIME_BUILD_WORKER_DIGEST_MEMO_H
#define YAWL_RUNTIME_BUILD_WORKER_DIGEST_MEMO_H

#include <stdint.h>
#include <sys/stat.h>

#include "common/cleanup.h"
#include "common/error.h"
#include "common/sha256.h"

struct digest_memo;

/* The descriptor of the data root is borrowed. */
struct digest_memo *digest_memo_new(int root_fd);
void digest_memo_free(struct digest_memo *memo);
DEFINE_SCOPED(struct digest_memo *, digest_memo_free)

/* What inodes are numbers of: a file system, or a stack of layers. */
uint64_t digest_memo_domain(const void *bytes, size_t length);

struct memo_file {
    uint64_t domain;
    int dir_fd; /* of the tree, and the path in it: opened only when it is not known */
    const char *path;
    const struct stat *status;
};

MUST_CHECK int digest_memo_file(struct digest_memo *memo, const struct memo_file *file,
                                char ret_hex[SHA256_HEX_SIZE], struct error *err);

/* Writes what is new. */
MUST_CHECK int digest_memo_commit(struct digest_memo *memo, struct error *err);

#endif
