/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The network of a run of builds: a router namespace and a net worker of its own, as a project has
 * them, with nothing published. Made when the first RUN needs it. May be used by several threads.
 */
#ifndef YAWL_RUNTIME_BUILD_WORKER_BUILD_NETWORK_H
#define YAWL_RUNTIME_BUILD_WORKER_BUILD_NETWORK_H

#include <stdbool.h>

#include "common/cleanup.h"
#include "common/error.h"

struct build_network;

/* `dir_fd` is where its socket and its notes go; borrowed. `name` is for messages. */
struct build_network *build_network_new(int dir_fd, const char *name);
/* Ends the worker. */
void build_network_free(struct build_network *network);
DEFINE_SCOPED(struct build_network *, build_network_free)

/* Ends the worker of a run that was killed, by what it has noted in its directory. */
void build_network_end_left_behind(int dir_fd);

/* Furnishes a container's network namespace with the way out, or with `lo` alone. `reaches_host`:
 * the machine itself answers at HOST_GATEWAY_ADDRESS. */
MUST_CHECK int build_network_attach(struct build_network *network, const char *container,
                                    int netns_fd, bool reaches_host, struct error *err);
MUST_CHECK int build_network_attach_nothing(struct build_network *network, const char *container,
                                            int netns_fd, struct error *err);
void build_network_detach(struct build_network *network, const char *container);

#endif
