/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A limit on what an interface sends: a token bucket (tc-tbf(8)) as its queue. What a container
 * receives is limited where the router sends it.
 */
#ifndef YAWL_NET_BANDWIDTH_H
#define YAWL_NET_BANDWIDTH_H

#include <stdint.h>

#include "net/netlink.h"

/* bits_per_second: more than 0. An earlier limit is replaced. */
void bandwidth_batch_limit(struct netlink_batch *batch, int ifindex, int64_t bits_per_second);

#endif
