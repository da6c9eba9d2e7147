/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who has a port: the process behind a bound socket, by sock_diag (port to inode) and /proc (inode
 * to process).
 */
#ifndef YAWL_NET_PORT_HOLDER_H
#define YAWL_NET_PORT_HOLDER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct port_holder {
    pid_t pid;
    int fd;           /* its number in that process */
    char command[16]; /* its comm */
};

/* The process that holds the port in the calling thread's network namespace; false when it cannot
 * be told. A bound socket that neither listens nor is connected is visible from Linux 6.8 on. */
bool port_holder_find(bool udp, int port, struct port_holder *ret_holder);

/* The process that has the socket open. likely_pid is asked first; 0 when there is no guess. */
bool port_holder_of_inode(uint64_t inode, pid_t likely_pid, struct port_holder *ret_holder);

#endif
