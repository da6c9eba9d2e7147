/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Terminals: handing the master to a caller that listens for it, or being the terminal's other side
 * ourselves; and waiting for a program in the foreground.
 */
#ifndef YAWL_RUNTIME_OCI_CONSOLE_H
#define YAWL_RUNTIME_OCI_CONSOLE_H

#include <sys/types.h>

#include "common/error.h"

/* Sends the master to the unix stream socket at `path`. It stays the caller's. */
MUST_CHECK int console_send(const char *path, int master_fd, struct error *err);

/* Waits until our child ends, passing on signals to it or, with a master (-1: none), what is typed
 * and printed. Returns its exit status as a shell tells it: 128 and more for a signal. */
MUST_CHECK int console_wait(int pidfd, int master_fd, struct error *err);

#endif
