/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An image's name in two columns, as docker lists it: REPOSITORY and TAG.
 */
#ifndef YAWL_ORCHESTRATOR_CLI_IMAGE_IMAGE_NAME_H
#define YAWL_ORCHESTRATOR_CLI_IMAGE_IMAGE_NAME_H

#include "common/arena.h"

struct image_name {
    const char *repository, *tag; /* "<none>" for what it does not have */
};

/* Of a reference, written or normalised; an image id has neither. */
struct image_name image_name_of(const char *reference, struct arena *arena);

#endif
