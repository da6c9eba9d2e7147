/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a bundle's process is given besides ids, capabilities and filter: personality, scheduling,
 * input/output priority, security label.
 */
#ifndef YAWL_RUNTIME_PROCESS_SETTINGS_H
#define YAWL_RUNTIME_PROCESS_SETTINGS_H

#include "runtime/bundle_spec.h"
#include "runtime/failure.h"

/* In the child, inside the container's root and while it still has its privileges. */
MUST_CHECK int process_settings_take(const struct process_spec *process, struct failure *failure);

#endif
