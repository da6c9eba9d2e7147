/* SPDX-License-Identifier: Apache-2.0 */
/*
 * First use of a volume: an empty volume is filled with what the image has at the mount point
 * (owners, modes, times, extended attributes, links), as docker does.
 */
#ifndef YAWL_RUNTIME_VOLUME_H
#define YAWL_RUNTIME_VOLUME_H

#include "common/arena.h"
#include "common/error.h"

/* Copies `target` of the image made of `layers` (absolute paths, lowest first) into the empty
 * directory `volume_fd`, owner and mode of the directory itself included. Does nothing when the
 * volume is not empty or the image has no such directory. */
MUST_CHECK int volume_fill(int volume_fd, struct string_list layers, const char *target,
                           struct error *err);

#endif
