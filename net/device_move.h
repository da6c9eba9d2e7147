/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gives a network device of the host to a network namespace, with its addresses: a card that a
 * container is to have for itself.
 *
 * The kernel keeps the device's hardware address and MTU, and takes what belonged to the old
 * namespace: addresses and routes. It brings the device back when the new namespace ends, if it is
 * a real one.
 */
#ifndef YAWL_NET_DEVICE_MOVE_H
#define YAWL_NET_DEVICE_MOVE_H

#include "common/cleanup.h"
#include "common/error.h"

/* Moves the device `name` of the caller's namespace, where it becomes `new_name` and is brought up.
 * Permanent addresses of global scope go along; others are the old namespace's affair. Fails
 * without a change when the new namespace has a device of that name. */
MUST_CHECK int device_move(const char *name, int netns_fd, const char *new_name, struct error *err);

#endif
