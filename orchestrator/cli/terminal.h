/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pseudo terminal for a program, joined to ours: raw input, its size kept, everything relayed
 * until it ends.
 */
#ifndef YAWL_ORCHESTRATOR_CLI_TERMINAL_H
#define YAWL_ORCHESTRATOR_CLI_TERMINAL_H

#include "common/error.h"
#include "runtime/container.h"

struct terminal {
    int master_fd, slave_fd;
};

/* In the container's own devpts, as large as ours. */
MUST_CHECK int terminal_open(const struct container *container, struct terminal *ret_terminal,
                             struct error *err);
void terminal_close(struct terminal *terminal);

/* Relays between our stdin/stdout and the terminal until the process behind the pidfd has ended and
 * its output is through. Our terminal's settings are restored. */
MUST_CHECK int terminal_relay(struct terminal *terminal, int pidfd, struct error *err);

#endif
