/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Named and anonymous volumes: directories below the data root, made before the first start and
 * filled from the image on first use.
 *
 *     volumes/NAME/volume.json   {"project": ..., "name": ...}
 *     volumes/NAME/_data
 */
#ifndef YAWL_ORCHESTRATOR_CLI_VOLUMES_H
#define YAWL_ORCHESTRATOR_CLI_VOLUMES_H

#include "common/error.h"
#include "orchestrator/plan/plan.h"
#include "orchestrator/state/roots.h"

/* Makes what is missing, mounts what is a file system of its own, and fills what is empty. */
MUST_CHECK int volumes_prepare(const struct roots *roots, const struct plan *plan,
                               struct error *err);

/* Mounts what is a file system of its own, after a reboot. */
MUST_CHECK int volumes_mount(const struct roots *roots, const struct plan *plan, struct error *err);

/* When nobody uses them any more. */
MUST_CHECK int volumes_unmount(const struct roots *roots, const char *project, struct error *err);

/* The project's named volumes, sorted; in the arena. */
MUST_CHECK int volumes_list(const struct roots *roots, const char *project, struct arena *arena,
                            struct string_list *ret_names, struct error *err);

/* Removes the project's named volumes. */
MUST_CHECK int volumes_remove(const struct roots *roots, const char *project,
                              void (*removed)(const char *name, void *context), void *context,
                              struct error *err);

#endif
