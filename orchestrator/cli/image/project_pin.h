/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes each service's image with its digest into a loaded model, as `config` prints it:
 * "docker.io/library/postgres:16@sha256:...".
 */
#ifndef YAWL_ORCHESTRATOR_CLI_IMAGE_PROJECT_PIN_H
#define YAWL_ORCHESTRATOR_CLI_IMAGE_PROJECT_PIN_H

#include "orchestrator/cli/command.h"

/* Digests come from the project's compose.lock, and what that does not have from registries. On -1
 * with an empty error text the reasons were printed. */
MUST_CHECK int project_pin_images(struct session *session, struct compose *compose,
                                  struct error *err);

#endif
