/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside supervise/: networks whose definition has changed. What is attached to one is stopped and
 * started again; in between it is made anew.
 */
#ifndef YAWL_ORCHESTRATOR_SUPERVISE_NETWORKS_H
#define YAWL_ORCHESTRATOR_SUPERVISE_NETWORKS_H

#include "orchestrator/supervise/supervisor_state.h"

/* The names of those whose definition differs from what is in use; what is attached to one is to
 * stop and start. Fails when a definition cannot be. */
MUST_CHECK int networks_changed(struct supervisor *supervisor, const struct plan *wanted,
                                struct arena *arena, struct string_list *ret_names,
                                struct error *err);
/* Adds what can be added; the others are marked in *ret_stale, in the arena. */
MUST_CHECK int networks_add(struct supervisor *supervisor, const struct plan *wanted,
                            struct arena *arena, bool **ret_stale, struct error *err);
/* Makes stale ones anew that nobody uses any more. */
void networks_renew(struct supervisor *supervisor);
/* The stale network that an instance needs, or NULL. */
const char *networks_stale_of(const struct supervisor *supervisor, const struct instance *instance);

#endif
