/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pipes for splice(2), lent while bytes are in them: a connection that is silent holds none.
 */
#ifndef YAWL_NET_RELAY_PIPE_POOL_H
#define YAWL_NET_RELAY_PIPE_POOL_H

#include <stdbool.h>

#include "common/cleanup.h"

struct pipe_pool;

/* An empty place is {-1, -1}. */
struct pipe_pair {
    int read_fd, write_fd;
};

struct pipe_pool *pipe_pool_new(void);
void pipe_pool_free(struct pipe_pool *pool);
DEFINE_SCOPED(struct pipe_pool *, pipe_pool_free)

/* False with errno when the system has none left. */
bool pipe_pool_take(struct pipe_pool *pool, struct pipe_pair *ret_pipe);
/* Back into the pool; `is_empty` false: bytes are left in it, it is closed. An empty place is
 * ignored. */
void pipe_pool_give(struct pipe_pool *pool, struct pipe_pair *take_pipe, bool is_empty);

#endif
