/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The running containers whose namespaces a new one is born into.
 *
 * A namespace belongs to a user namespace, and who is to use it fully must be in that one: a
 * container that shares any namespace is therefore in its partners' user namespace, and everything
 * that it has for itself belongs to that too. What it does not share it has for itself as always.
 */
#ifndef YAWL_RUNTIME_PARTNERS_H
#define YAWL_RUNTIME_PARTNERS_H

#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

struct container;
struct namespace_path;

/* All borrowed; NULL where nothing is shared. */
struct partners {
    const struct container *user, *network, *pid, *ipc;
};

enum { JOINED_MAX = 8 };

/* What is joined before the clone, in this order. Zero-initialized it is nothing. */
struct joined_namespaces {
    struct joined_namespace {
        int fd;
        int type; /* CLONE_NEW... */
    } items[JOINED_MAX];
    size_t count;
    uint64_t types; /* of all */
    int shm_fd;     /* the partner's /dev/shm as a detached mount, or -1 */
};

/* Opens namespaces by their paths, to be joined as well; each must be of the type that is said.
 * Before joined_open(). */
MUST_CHECK int joined_open_paths(const struct namespace_path *paths, size_t count,
                                 struct joined_namespaces *joined, struct error *err);

/* Opens the partners' namespaces. Fails when one has ended. joined_close() in any case. */
MUST_CHECK int joined_open(const struct partners *partners, struct joined_namespaces *joined,
                           struct error *err);
void joined_close(struct joined_namespaces *joined);

#endif
