/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Telling a service manager that the container's program is ready (sd_notify(3)), as runc and crun
 * do it. The caller's NOTIFY_SOCKET is none for a container: in its place lies a folder of ours
 * with a socket, which the program finds by its own NOTIFY_SOCKET. The program is trusted with
 * nothing but the word that it is ready; which process is the main one, we tell.
 */
#ifndef YAWL_RUNTIME_OCI_NOTIFY_SOCKET_H
#define YAWL_RUNTIME_OCI_NOTIFY_SOCKET_H

#include "runtime/oci/record.h"

/* Makes the folder in the container's own, and adds it to the container's mounts and environment,
 * if the caller has a NOTIFY_SOCKET that is a path. */
MUST_CHECK int notify_socket_offer(struct oci_call *call, struct oci_container *container,
                                   struct error *err);

/* Listens there, before the program runs: container->notify_fd, which stays -1 when there is no
 * folder or nobody to tell. */
MUST_CHECK int notify_socket_listen(struct oci_container *container, struct error *err);

/* Waits until the program says that it is ready, and passes that on; or until it ends. At once
 * where nothing is listened to. */
MUST_CHECK int notify_socket_pass_on(const struct oci_container *container, struct error *err);

/* The same beside us, in a process of its own, while we do other things. It ends with the
 * container; notify_socket_end() then waits for that. 0 where nothing is listened to. */
MUST_CHECK int notify_socket_pass_on_aside(const struct oci_container *container, pid_t *ret_pid,
                                           struct error *err);
void notify_socket_end(pid_t pid);

#endif
