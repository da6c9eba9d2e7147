/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tells when a reader of files that grow may have more: by its inotify descriptor, or by looking
 * ten times a second where the system has none to give (the number of inotify instances of a user
 * is limited).
 */
#ifndef YAWL_ORCHESTRATOR_CLI_FOLLOW_SOURCE_H
#define YAWL_ORCHESTRATOR_CLI_FOLLOW_SOURCE_H

#include "common/loop.h"

struct follow_source;

/* fd: the reader's inotify descriptor, or -1. */
struct follow_source *follow_source_new(struct loop *loop, int fd, void (*ready)(void *owner),
                                        void *owner);
void follow_source_free(struct follow_source *watch);
DEFINE_SCOPED(struct follow_source *, follow_source_free)

#endif
