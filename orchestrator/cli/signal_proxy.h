/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signals that we get go on to a container, by way of its supervisor.
 */
#ifndef YAWL_ORCHESTRATOR_CLI_SIGNAL_PROXY_H
#define YAWL_ORCHESTRATOR_CLI_SIGNAL_PROXY_H

#include "common/cleanup.h"
#include "common/loop.h"
#include "orchestrator/state/roots.h"

struct signal_proxy;

struct signal_proxy_target {
    const struct project_dir *dir; /* borrowed, as all of it */
    const char *project, *container;
};

/* SIGINT, SIGTERM and SIGQUIT; SIGHUP too when `hangup`. */
struct signal_proxy *signal_proxy_new(struct loop *loop, struct signal_proxy_target target,
                                      bool hangup);
void signal_proxy_free(struct signal_proxy *proxy);
DEFINE_SCOPED(struct signal_proxy *, signal_proxy_free)

#endif
