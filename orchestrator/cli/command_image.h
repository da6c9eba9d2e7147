/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The commands of `image` that are not commands of their own, too.
 */
#ifndef YAWL_ORCHESTRATOR_CLI_COMMAND_IMAGE_H
#define YAWL_ORCHESTRATOR_CLI_COMMAND_IMAGE_H

#include "orchestrator/cli/command.h"

int command_image_inspect(struct session *session, struct error *err);
int command_image_ls(struct session *session, struct error *err);
int command_image_prune(struct session *session, struct error *err);
int command_image_pull(struct session *session, struct error *err);
int command_image_push(struct session *session, struct error *err);
int command_image_rm(struct session *session, struct error *err);

#endif
