/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `down --rmi`: the images of services, removed when their containers are gone.
 */
#ifndef YAWL_ORCHESTRATOR_CLI_DOWN_IMAGES_H
#define YAWL_ORCHESTRATOR_CLI_DOWN_IMAGES_H

#include "orchestrator/cli/command.h"
#include "orchestrator/cli/progress.h"

enum down_images { DOWN_IMAGES_KEEP, DOWN_IMAGES_LOCAL, DOWN_IMAGES_ALL };

/* "local": those that have no name but the one that a build gives them; "all". NULL: none. */
MUST_CHECK int down_images_parse(const char *word, enum down_images *ret_which, struct error *err);

/* Finds them, by the containers that there are and by the Compose file when there is one.
 * `services` empty: all. References in the session's arena. */
MUST_CHECK int down_images_find(struct session *session, enum down_images which,
                                const struct string_list *services,
                                struct string_list *ret_references, struct error *err);

/* Removes them. One that somebody else uses stays, with a warning. */
MUST_CHECK int down_images_remove(struct session *session, const struct string_list *references,
                                  const char *data_root, struct progress *progress,
                                  struct error *err);

#endif
