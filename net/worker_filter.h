/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The system calls that the net worker gets by with once it is set up, as a seccomp filter.
 */
#ifndef YAWL_NET_WORKER_FILTER_H
#define YAWL_NET_WORKER_FILTER_H

#include "common/error.h"

/* For all threads of the process; no_new_privs must be set. Calls that are not in the list fail
 * with ENOSYS, as on a kernel that has not got them: libc then finds its own way or fails cleanly.
 */
MUST_CHECK int worker_filter_install(struct error *err);

#endif
