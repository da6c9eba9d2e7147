/* SPDX-License-Identifier: Apache-2.0 */
/* A program's pseudo terminal, joined to the terminal that the user sits at. */
#ifndef YAWL_COMMON_TTY_RELAY_H
#define YAWL_COMMON_TTY_RELAY_H

#include "common/error.h"

/* All borrowed. */
struct tty_relay {
    int input_fd, output_fd; /* the user's terminal, or what stands in for it */
    int master_fd;           /* the program's terminal */
    int pidfd;               /* the program's */
};

/* The program's terminal becomes as large as the user's. */
void tty_relay_size(const struct tty_relay *relay);

/* Relays in both directions, raw, until the program has ended and its output is through. The
 * settings of the user's terminal are restored. */
MUST_CHECK int tty_relay_run(const struct tty_relay *relay, struct error *err);

#endif
