/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Device nodes for a container with a user namespace, where the kernel lets nobody make any: the
 * starter makes them in a tmpfs of its own, and the child mounts each where it belongs.
 *
 * Only root of the machine can do that. What the host has just so needs no node: see cage_plan.c.
 */
#ifndef YAWL_RUNTIME_DEVICE_NODES_H
#define YAWL_RUNTIME_DEVICE_NODES_H

#include <stddef.h>

#include "common/error.h"
#include "runtime/bundle_spec.h"

enum { DEVICE_NODE_NAME_SIZE = 8 };

/* The name of the node number `index` of the bundle in the tmpfs. */
void device_node_name(size_t index, char ret_name[DEVICE_NODE_NAME_SIZE]);

/* Makes it there, owned by whom the bundle's maps say. *tree_fd is the tmpfs, made when it is -1;
 * the caller closes it in any case. */
MUST_CHECK int device_node_make(const struct bundle_spec *bundle, size_t index, int *tree_fd,
                                struct error *err);

#endif
