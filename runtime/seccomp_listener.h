/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The descriptor at which an agent hears of system calls (seccomp_unotify(2)): from the process
 * that has loaded the filter to the agent that the bundle names.
 *
 *   child                                        starter
 *   says where its slot is -- LISTENER ------->
 *   loads the filter, puts the descriptor's
 *   number into the slot                         reads the slot, takes the descriptor, sends it,
 *   goes on                                      writes into the slot that it has
 *
 * From the load on, any system call of the child could be one that the agent is to be asked about,
 * so it makes none until the agent is there: it looks at its own memory meanwhile.
 */
#ifndef YAWL_RUNTIME_SECCOMP_LISTENER_H
#define YAWL_RUNTIME_SECCOMP_LISTENER_H

#include "runtime/bundle_spec.h"
#include "runtime/channel.h"
#include "runtime/failure.h"

/* In the child: loads the filter with the flags, which have NEW_LISTENER, and returns when the
 * agent has the listener, or fails after ten seconds. */
MUST_CHECK int seccomp_listener_load(const struct sock_fprog *filter, unsigned flags,
                                     int channel_fd, struct failure *failure);

/* In the starter, on CHANNEL_LISTENER: `process` names the agent, `status` is the container's for
 * the state that the agent is told. Waits a few seconds at most. */
struct seccomp_listener {
    const struct bundle_spec *bundle;
    const struct process_spec *process;
    pid_t pid;
    int pidfd;
    const char *status;
};
MUST_CHECK int seccomp_listener_deliver(const struct seccomp_listener *listener,
                                        const struct channel_message *message, struct error *err);

#endif
