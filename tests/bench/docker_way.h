/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Published ports as docker makes them, to compare with: a network namespace that stands for the
 * host, with a bridge that one container is on, a rule of DNAT, and docker-proxy.
 */
#ifndef YAWL_TESTS_BENCH_DOCKER_WAY_H
#define YAWL_TESTS_BENCH_DOCKER_WAY_H

#include <netinet/in.h>
#include <stdbool.h>

#include "common/error.h"

struct docker_way {
    int host_fd, container_fd; /* network namespaces; the caller's */
    bool has_dnat;             /* else there is no nft here */
    struct sockaddr_in dnat;
    bool has_proxy; /* else there is no docker-proxy here */
    struct sockaddr_in proxy;
};

/* Both lead to `port` of the container. docker-proxy ends with the calling process. */
MUST_CHECK int docker_way_open(uint16_t port, struct docker_way *ret_way, struct error *err);

#endif
