/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host's name servers as its resolv.conf names them now: the file is read again whenever it
 * changes, also when it is replaced or is a symbolic link whose target changes.
 */
#ifndef YAWL_NET_DNS_HOST_RESOLVER_H
#define YAWL_NET_DNS_HOST_RESOLVER_H

#include "common/loop.h"
#include "net/dns/resolv_conf.h"

struct host_resolver;

/* `changed` is called after each change, not for the first reading. Without inotify the first
 * reading stays. */
struct host_resolver *host_resolver_new(struct loop *loop, const char *path,
                                        void (*changed)(void *owner), void *owner);
void host_resolver_free(struct host_resolver *resolver);
DEFINE_SCOPED(struct host_resolver *, host_resolver_free)

/* Borrowed until the next change. */
const struct resolv_conf *host_resolver_conf(const struct host_resolver *resolver);

#endif
