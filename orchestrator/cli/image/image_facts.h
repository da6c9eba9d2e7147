/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What lists of images show and the store's readers do not know: size, age and platform, asked of
 * the worker's `inspect`.
 */
#ifndef YAWL_ORCHESTRATOR_CLI_IMAGE_IMAGE_FACTS_H
#define YAWL_ORCHESTRATOR_CLI_IMAGE_IMAGE_FACTS_H

#include <stdint.h>

#include "common/arena.h"
#include "common/error.h"
#include "common/text.h"

struct image_fact {
    const char *id;       /* "sha256:..." */
    const char *platform; /* "linux/arm64/v8" */
    const char *created;  /* as the image has it, RFC 3339; "" */
    int64_t created_at;   /* seconds since 1970; 0: not known */
    int64_t size;
};

struct image_facts {
    struct image_fact *items;
    size_t count;
};

/* Asks about these ids; none gives no facts. */
MUST_CHECK int image_facts_ask(struct string_list ids, const char *data_root, struct arena *arena,
                               struct image_facts *ret_facts, struct error *err);

/* Reads what `inspect` prints: a JSON array. */
MUST_CHECK int image_facts_read(const char *json, size_t length, struct arena *arena,
                                struct image_facts *ret_facts, struct error *err);

/* Of an image that was not told of the facts are empty. */
const struct image_fact *image_facts_find(const struct image_facts *facts, const char *id);

/* "3 weeks ago", or "N/A". */
void image_fact_age(const struct image_fact *fact, int64_t now_s, struct text *out);

/* Twelve digits of the id. */
const char *image_id_short(const char *id, struct arena *arena);

#endif
