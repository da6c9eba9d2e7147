/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The variables of a load: the process environment above `.env` or `--env-file`,
 * and the files of env_file and label_file.
 */
#ifndef YAWL_ORCHESTRATOR_COMPOSE_ENVIRONMENT_H
#define YAWL_ORCHESTRATOR_COMPOSE_ENVIRONMENT_H

#include "orchestrator/compose/loader.h"

/* The process environment, with PWD. */
struct variables *environment_of_process(struct loader *loader);

/* Adds what the files set and the variables do not have yet; a later file wins over an earlier one.
 * Missing files are errors. */
void environment_add_files(struct loader *loader, struct variables *variables,
                           const struct string_list *files);

/* Adds the default `.env` of a directory when there is one and it is not switched off. */
void environment_add_default(struct loader *loader, struct variables *variables,
                             const char *directory);

/* The env files that the options or COMPOSE_ENV_FILES name, as absolute paths. */
struct string_list environment_named_files(struct loader *loader,
                                           const struct variables *variables);

/* Reads env_file and label_file of every service into environment and labels and removes them. */
void environment_resolve_services(struct loader *loader, struct node *model);

/* Whether a variable is there and is one of docker's words for yes. */
bool environment_says_yes(const struct variables *variables, const char *name);

/* A text split at a separator, without empty parts. */
struct string_list environment_split(struct arena *arena, const char *text, const char *separator);

#endif
