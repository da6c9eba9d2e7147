/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The registry client as this program uses it: with the machine's settings, the user's, and notices
 * as warnings.
 */
#ifndef YAWL_RUNTIME_IMAGE_WORKER_REGISTRY_SETUP_H
#define YAWL_RUNTIME_IMAGE_WORKER_REGISTRY_SETUP_H

#include "common/arena.h"
#include "runtime/image/registry/registry.h"
#include "runtime/image/worker/report.h"

/* The arena and the report outlive the client, which is the caller's to free. */
struct registry *registry_setup(struct arena *arena, const struct report *report,
                                struct error *err);

/* What this program calls itself to servers. */
const char *registry_user_agent(void);

#endif
