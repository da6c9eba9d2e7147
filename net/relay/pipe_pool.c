/* SPDX-License-Identifier: Apache-2.0 */
#include "net/relay/pipe_pool.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/memory.h"
#include "net/net_limits.h"

struct pipe_pool {
    struct pipe_pair idle[NET_IDLE_PIPES];
    size_t count;
};

struct pipe_pool *pipe_pool_new(void)
{
    return memory_new(struct pipe_pool);
}

static void pipe_close(struct pipe_pair pipe)
{
    fd_close(pipe.read_fd);
    fd_close(pipe.write_fd);
}

void pipe_pool_free(struct pipe_pool *pool)
{
    if (!pool)
        return;
    for (size_t i = 0; i < pool->count; i++)
        pipe_close(pool->idle[i]);
    free(pool);
}

bool pipe_pool_take(struct pipe_pool *pool, struct pipe_pair *ret_pipe)
{
    int fds[2];

    if (pool->count > 0) {
        *ret_pipe = pool->idle[--pool->count];
        return true;
    }
    if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) < 0)
        return false;
    /* Beyond the user's share of pipe memory the kernel refuses; the small pipe works, more slowly.
     */
    (void)fcntl(fds[1], F_SETPIPE_SZ, NET_PIPE_BYTES);
    *ret_pipe = (struct pipe_pair){.read_fd = fds[0], .write_fd = fds[1]};
    return true;
}

void pipe_pool_give(struct pipe_pool *pool, struct pipe_pair *take_pipe, bool is_empty)
{
    if (take_pipe->read_fd < 0)
        return;
    if (is_empty && pool->count < NET_IDLE_PIPES)
        pool->idle[pool->count++] = *take_pipe;
    else
        pipe_close(*take_pipe);
    *take_pipe = (struct pipe_pair){-1, -1};
}
