/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Containers of other projects on shared networks, as the net worker is told of them: by name and
 * address, without descriptors. Each round gathers all there are; what has changed since the last
 * one is told.
 */
#ifndef YAWL_NET_NEIGHBOURS_H
#define YAWL_NET_NEIGHBOURS_H

#include "common/cleanup.h"
#include "net/shared_registry.h"
#include "net/worker_client.h"

struct neighbours;

struct neighbours *neighbours_new(void);
void neighbours_free(struct neighbours *neighbours);
DEFINE_SCOPED(struct neighbours *, neighbours_free)

/* Begins a round. */
void neighbours_begin(struct neighbours *neighbours);
/* network: our project's name for it. Everything is copied. */
void neighbours_add(struct neighbours *neighbours, const char *project, const char *network,
                    const struct shared_place *place);
/* Ends it. */
void neighbours_tell(struct neighbours *neighbours, struct worker_client *worker);

#endif
