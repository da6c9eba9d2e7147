/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside supervise/: descriptors parked in the keeper, so that they outlast us.
 */
#ifndef YAWL_ORCHESTRATOR_SUPERVISE_FD_STORE_H
#define YAWL_ORCHESTRATOR_SUPERVISE_FD_STORE_H

#include "orchestrator/supervise/supervisor_state.h"

/* Fails silently: without a keeper there is no store. */
void fd_store_park(struct supervisor *supervisor, const char *name, int fd);
void fd_store_forget(struct supervisor *supervisor, const char *name);
/* Receives what an earlier supervisor parked into supervisor->parked. */
MUST_CHECK int fd_store_receive(struct supervisor *supervisor, struct error *err);
/* Takes a descriptor out of it; -1 when there is none of that name. */
int fd_store_take(struct supervisor *supervisor, const char *name);
/* Closes what nobody took. */
void fd_store_drop(struct supervisor *supervisor);
/* "pidfd/NAME": the kernel keeps an exit status for whoever holds the pidfd, also when a stranger
 * has reaped. */
void fd_store_pidfd_name(const struct instance *instance, struct text *ret_name);

#endif
