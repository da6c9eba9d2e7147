/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Steps of a build that travel with an image: in its configuration, as "yawl.steps", a list of
 * {"key", "layer", "created"} (step_cache.h). The image has their layers.
 *
 * Who reads one trusts whoever wrote it as far as he trusts the image itself.
 */
#ifndef YAWL_RUNTIME_IMAGE_WORKER_STEP_RECORDS_H
#define YAWL_RUNTIME_IMAGE_WORKER_STEP_RECORDS_H

#include "common/json.h"
#include "runtime/image/worker/step_cache.h"

struct keyed_record {
    char key[SHA256_HEX_SIZE];
    struct step_record record;
};

struct step_records {
    struct keyed_record *items;
    size_t count;
};

/* Adds it to a list that lives in the arena, unless the key is there. */
void step_records_add(struct step_records *records, struct arena *arena, const char *key,
                      const struct step_record *record);

/* Reads those of an image's configuration, of which most have none. Fails on what is no record, and
 * on layers that the image does not have. */
MUST_CHECK int step_records_parse(const char *config, size_t length, struct arena *arena,
                                  struct step_records *ret_records, struct error *err);

/* Writes them into a configuration. */
void step_records_put(const struct step_records *records, json_t *config);

#endif
