/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which files make up the project, and where it lives.
 */
#ifndef YAWL_ORCHESTRATOR_COMPOSE_FILES_H
#define YAWL_ORCHESTRATOR_COMPOSE_FILES_H

#include "orchestrator/compose/loader.h"

/* Fills loader->scope and loader->files: variables, project directory, Compose files. Without a
 * file, an error is reported and -1 returned. */
MUST_CHECK int files_find(struct loader *loader);

/* The name from -p or COMPOSE_PROJECT_NAME, which must be well-formed; NULL when neither is given.
 * Reports and returns -1 when it is not. */
MUST_CHECK int files_given_name(struct loader *loader, const char **ret_name);

/* A name as a file or a directory gives it: lower case, other characters dropped. May be empty. */
const char *files_normal_name(struct arena *arena, const char *text);

#endif
