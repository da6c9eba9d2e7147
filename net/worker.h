/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The net worker: relays published ports, carries outbound flows and answers DNS for one project.
 *
 * A process of its own, child of the keeper, so that live connections outlast the supervisor. It
 * starts privileged, receives the router namespace with the first message, makes what it needs and
 * then drops everything: unprivileged ids, no capabilities but what the router namespace demands, a
 * seccomp filter.
 */
#ifndef YAWL_NET_WORKER_H
#define YAWL_NET_WORKER_H

/* Runs until the listening socket's project ends (a "quit" message). Returns the exit code.
 * listen_fd: a SOCK_SEQPACKET listener made by fd_message_listen() at "net.sock", inherited; taken
 * over. */
int net_worker_main(int take_listen_fd);

#endif
