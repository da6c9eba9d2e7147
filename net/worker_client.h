/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the net worker should know, kept as the last message about each key, and brought to it.
 *
 * There is no queue: an entry that changed waits to be sent again, so what is pending is bounded by
 * what exists. A connection that was lost is made again, and then everything is told afresh.
 * Nothing here waits.
 */
#ifndef YAWL_NET_WORKER_CLIENT_H
#define YAWL_NET_WORKER_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/error.h"
#include "net/worker_protocol.h"

struct worker_client;

/* run_dir_fd: where "net.sock" is; router_fd: goes with the first message of each connection. All
 * borrowed. */
struct worker_client *worker_client_new(int run_dir_fd, const char *project, int router_fd);
void worker_client_free(struct worker_client *client);
DEFINE_SCOPED(struct worker_client *, worker_client_free)

enum { WORKER_NEWS_MAX_FDS = 3 };

struct worker_news {
    const char
        *key; /* unique among all entries; a known one is replaced and keeps its descriptors */
    const struct worker_message *message;
    const int *take_fds; /* kept until the entry is forgotten, for a worker that starts anew */
    size_t n_fds;
    /* Of an endpoint, or -1: where the name sockets are made again when the entry has no
     * descriptors because another process of ours held them. */
    int take_netns_fd;
    bool aside; /* how, see name_sockets.h */
};
void worker_client_tell(struct worker_client *client, const struct worker_news *news);

/* Closes the entry's descriptors and sends `gone` once, unless it is NULL. Unknown keys are
 * ignored. */
void worker_client_forget(struct worker_client *client, const char *key,
                          const struct worker_message *gone);

/* Sends what is pending. *ret_retry_ms is 0 when nothing is left to send, else the time to call
 * again. */
MUST_CHECK int worker_client_flush(struct worker_client *client, uint64_t now_ms,
                                   uint64_t *ret_retry_ms, struct error *err);

/* Asks the worker to say when it has applied all that it was told. False: there is something left
 * to tell. *ret_fd is readable then, the caller's, and -1 when there is no worker. */
bool worker_client_fence(struct worker_client *client, int *ret_fd);

/* Readable when the worker is gone: time for a flush. -1 while there is no connection. Borrowed. */
int worker_client_fd(const struct worker_client *client);

/* Tells the worker to end; connects for that when needed. Best effort, at most a quarter of a
 * second. */
void worker_client_quit(struct worker_client *client);

#endif
