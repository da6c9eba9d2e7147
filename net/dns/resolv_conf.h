/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A resolv.conf(5), read: name servers and search domains, the rest is ignored.
 */
#ifndef YAWL_NET_DNS_RESOLV_CONF_H
#define YAWL_NET_DNS_RESOLV_CONF_H

#include "common/arena.h"
#include "net/inet_address.h"
#include "net/net_limits.h"

struct resolv_conf {
    struct inet_address
        servers[NET_LIMIT_NAME_SERVERS]; /* 127.0.0.1 when none is named, as libc does */
    size_t n_servers;
    struct string_list search; /* in the arena, as written */
};

/* Never fails: lines that make no sense are skipped, and so is what exceeds the limits. */
void resolv_conf_parse(const char *text, struct arena *arena, struct resolv_conf *ret_conf);

#endif
