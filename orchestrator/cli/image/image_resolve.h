/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What references mean at their registries now, asked of the worker's `resolve`.
 */
#ifndef YAWL_ORCHESTRATOR_CLI_IMAGE_IMAGE_RESOLVE_H
#define YAWL_ORCHESTRATOR_CLI_IMAGE_IMAGE_RESOLVE_H

#include "orchestrator/cli/image/lock_file.h"

struct image_answer {
    const char *reference; /* normalised */
    const char *problem;   /* why there is no answer, or NULL */
    struct lock_image image;
};

struct image_answers {
    struct image_answer *items;
    size_t count;
};

/* Asks about these normalised references, each once; none asks nobody. Every reference gets an
 * answer. -1 only when the worker could not be asked. */
MUST_CHECK int image_resolve(struct string_list references, const char *data_root,
                             struct arena *arena, struct image_answers *ret_answers,
                             struct error *err);

const struct image_answer *image_answers_find(const struct image_answers *answers,
                                              const char *reference);

#endif
