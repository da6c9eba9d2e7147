/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A world for the tests of net: the test process moves into an empty network namespace that stands
 * for the host, with run and state directories of its own; containers are further namespaces. Gone
 * with the process.
 */
#ifndef YAWL_TESTS_UNIT_NET_NET_WORLD_H
#define YAWL_TESTS_UNIT_NET_NET_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "net/net.h"

struct world {
    char dir[64];
    int run_fd, state_fd;
    struct net *net;
};

/* Skips the test when not root. */
void world_setup(struct world *world);
void world_teardown(struct world *world);

/* A supervisor's handle on the world's project; again after net_free() for a new supervisor. */
void world_open(struct world *world, int router_fd);

/* A network namespace as a container has it. */
int world_container(void);

void world_add_network(struct world *world, const char *name, bool internal);
void world_attach(struct world *world, const char *instance, int netns_fd, const char *network);
/* As the instance has it on the network. In a buffer of the caller. */
const char *world_address(struct world *world, const char *instance, const char *network,
                          char buffer[16]);

/* How many network interfaces the namespace has (-1: here). */
int world_interfaces(int netns_fd);
/* Open descriptors of this process. */
int world_descriptors(void);

/* Sockets in a namespace (-1: here). Listening; -1 with errno when the connection fails within two
 * seconds. */
int world_listen(int netns_fd, const char *address, int port);
int world_connect(int netns_fd, const char *address, int port);
/* Whether a byte sent on one comes out of the other. */
bool world_carries(int from_fd, int to_fd);

#endif
