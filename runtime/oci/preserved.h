/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Descriptors of the caller that the container's program gets: those from 3 on, as many as
 * `--preserve-fds` and LISTEN_FDS (sd_listen_fds(3)) say.
 */
#ifndef YAWL_RUNTIME_OCI_PRESERVED_H
#define YAWL_RUNTIME_OCI_PRESERVED_H

#include <stddef.h>

#include "common/error.h"

/* Finds out how many there are; `text` is what the option says, or NULL. Numbers above the last one
 * that is open do not count, as in crun; what is not open below is /dev/null from here on. To be
 * called before anything of ours is opened: it would get one of those numbers, and into the
 * container. */
MUST_CHECK int preserved_count(const char *text, size_t *ret_count, struct error *err);

#endif
