/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The images that a service's build starts from, by its Dockerfile, target and arguments.
 */
#ifndef YAWL_ORCHESTRATOR_CLI_IMAGE_BASE_IMAGES_H
#define YAWL_ORCHESTRATOR_CLI_IMAGE_BASE_IMAGES_H

#include "common/diagnostics.h"
#include "orchestrator/compose/project.h"
#include "runtime/build/build_arguments.h"

enum { BASE_IMAGES_MOST = 100 }; /* of one build; more are left out */

/* The text of a build's Dockerfile; *ret_name is how messages call it. Fails when its context is
 * not on this machine. */
struct text;
MUST_CHECK int base_images_dockerfile(const struct build *build, struct arena *arena,
                                      struct text *out, const char **ret_name, struct error *err);

/* What the service's build asks for. */
struct build_arguments base_images_arguments(const struct service *service, struct arena *arena);

/* Normalised, each once, in the order of the file. The service has a build. A Dockerfile that is
 * not on this machine is warned about; mistakes in one are errors at their place. */
struct string_list base_images_of(const struct service *service, struct arena *arena,
                                  struct diagnostics *diagnostics);

#endif
