/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A net worker in a world of its own: a network namespace that stands for the host, and one that
 * stands for router and containers alike, where 10.89.0.2 is the container "web-1". The test is the
 * supervisor.
 *
 * Everything ends with the test's process.
 */
#ifndef YAWL_TESTS_UNIT_NET_RELAY_LAB_H
#define YAWL_TESTS_UNIT_NET_RELAY_LAB_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "net/inet_address.h"
#include "net/worker_protocol.h"

#define LAB_INSTANCE "web-1"
#define LAB_CONTAINER "10.89.0.2"
#define LAB_OTHER_INSTANCE "web-2"
#define LAB_OTHER_CONTAINER "10.89.0.3"
#define LAB_GATEWAY "10.89.0.1"
/* The host's; nobody answers there unless the test does. */
#define LAB_NAME_SERVER "127.0.0.53"
#define LAB_RESOLV_CONF "nameserver " LAB_NAME_SERVER "\nsearch corp.example\n"

struct lab {
    int host_netns_fd, router_netns_fd;
    int listen_fd;
    char dir[64];
    int dir_fd;
    pid_t worker;
    unsigned max_files; /* 0: as many as the system allows */
    int supervisor_fd;
};

/* Starts the worker, which knows the router namespace and the network "default" afterwards. Skips
 * the test without root. */
void lab_start(struct lab *lab);
/* The same with a worker that may open so many files alone. */
void lab_start_with_files(struct lab *lab, unsigned max_files);
/* Runs net_worker_main() in a process that ends with the test at the latest; its exit status is the
 * worker's code. In the namespace of the caller. */
pid_t lab_spawn_worker(int listen_fd);
/* Ends the worker by WORKER_QUIT and says its exit code. */
int lab_stop(struct lab *lab);

/* A new supervisor, the earlier one gone. */
void lab_reconnect(struct lab *lab);
void lab_send(struct lab *lab, const struct worker_message *message, const int *fds, size_t n_fds);
/* Tells the worker about LAB_INSTANCE, with fresh sockets: DNS is at LAB_CONTAINER:53. */
void lab_send_endpoint(struct lab *lab);
/* The same of LAB_OTHER_INSTANCE, at LAB_OTHER_CONTAINER. */
void lab_send_other_endpoint(struct lab *lab);
/* Waits until the worker has applied everything that was sent. */
void lab_settle(struct lab *lab);

/* Sockets in either namespace; blocking, with a time-out of ten seconds. */
int lab_socket(int netns_fd, int family, int type, int protocol);
int lab_bound(int netns_fd, int type, const char *address, uint16_t port);
uint16_t lab_port_of(int fd);
/* 0, or errno. */
int lab_connect(int fd, const char *address, uint16_t port);
/* Tries until a connection is accepted; the socket. */
int lab_connect_eventually(int netns_fd, const char *address, uint16_t port);
/* Tries until connections are refused. */
void lab_refused_eventually(int netns_fd, const char *address, uint16_t port);

/* Publishes host port (bound, on 127.0.0.1) to LAB_CONTAINER:container_port; the host port. */
uint16_t lab_publish(struct lab *lab, bool udp, uint16_t container_port);

#endif
