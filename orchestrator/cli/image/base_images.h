/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The images that a service's build starts from, as far as its Dockerfile says so by itself: FROM
 * lines without variables. Others are warned about and left out.
 *
 * This is no reader of Dockerfiles: it looks for FROM and nothing else.
 */
#ifndef YAWL_ORCHESTRATOR_CLI_IMAGE_BASE_IMAGES_H
#define YAWL_ORCHESTRATOR_CLI_IMAGE_BASE_IMAGES_H

#include "common/diagnostics.h"
#include "orchestrator/compose/project.h"

enum { BASE_IMAGES_MOST = 100 }; /* of one build; more are left out */

/* Normalised, each once, in the order of the file. The service has a build. A Dockerfile that
 * cannot be read is warned about. */
struct string_list base_images_of(const struct service *service, struct arena *arena,
                                  struct diagnostics *diagnostics);

/* The images of a Dockerfile's text, as written, without earlier stages and `scratch`. Those with a
 * variable in them go to *ret_unclear. */
struct string_list base_images_in(const char *dockerfile, struct arena *arena,
                                  struct string_list *ret_unclear);

#endif
