/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The images that a service's build starts from, by its Dockerfile, target and arguments.
 */
#ifndef YAWL_ORCHESTRATOR_CLI_IMAGE_BASE_IMAGES_H
#define YAWL_ORCHESTRATOR_CLI_IMAGE_BASE_IMAGES_H

#include "common/diagnostics.h"
#include "orchestrator/compose/project.h"

enum { BASE_IMAGES_MOST = 100 }; /* of one build; more are left out */

/* Normalised, each once, in the order of the file. The service has a build. A Dockerfile that is
 * not on this machine is warned about; mistakes in one are errors at their place. */
struct string_list base_images_of(const struct service *service, struct arena *arena,
                                  struct diagnostics *diagnostics);

#endif
