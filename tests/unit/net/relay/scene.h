/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Traffic of containers through the router's rules and the worker:
 *
 *   container ns -- bridge in router ns -- worker (this "host" ns) -- bridge -- lan ns
 */
#ifndef YAWL_TESTS_UNIT_NET_RELAY_SCENE_H
#define YAWL_TESTS_UNIT_NET_RELAY_SCENE_H

#include <stdbool.h>
#include <sys/types.h>

#include "tests/unit/net/net_world.h"

#define HOST_ADDRESS "198.51.100.1"
#define LAN_ADDRESS "198.51.100.2"
#define HOST_ADDRESS6 "2001:db8:51::1"
#define LAN_ADDRESS6 "2001:db8:51::2"
#define WEB_ADDRESS6 "fd00:89::9"

struct scene {
    struct world world;
    int lan_ns, host_ns, web_ns;
    int listen_fd;
    pid_t worker;
};

/* The worker, another machine on the host's network, and a container "web-1" on a network that has
 * a way out, unless it is internal. Skips the test when not root. */
void scene_open(struct scene *scene, bool internal);
/* The scene with "web-1" at WEB_ADDRESS6 on a network that has IPv6, alone or beside IPv4. */
void scene_open_ipv6(struct scene *scene, bool alone);
void scene_close(struct scene *scene);

/* Brings everything to the worker. */
void scene_flush(struct scene *scene);
/* Waits until the worker has applied it too. */
void scene_settle(struct scene *scene);

#endif
