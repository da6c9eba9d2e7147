/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `ulimits:` of a container, set by the starter on the waiting child.
 */
#ifndef YAWL_RUNTIME_RLIMITS_H
#define YAWL_RUNTIME_RLIMITS_H

#include <sys/types.h>

#include "runtime/container_spec.h"

/* Sets the limits of another process. Where the privilege to raise a hard limit is missing, the
 * hard limit that is there is kept and the soft one raised as far as it goes. A name that does not
 * exist, or a soft limit above the hard one, is an error. */
MUST_CHECK int rlimits_set(pid_t pid, const struct ulimit_spec *ulimits, size_t n_ulimits,
                           struct error *err);

/* Sets /proc/PID/oom_score_adj; where the privilege to lower it is missing it stays. */
MUST_CHECK int process_set_oom_score(pid_t pid, int score, struct error *err);

#endif
