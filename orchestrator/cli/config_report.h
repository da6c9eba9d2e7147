/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `config` prints instead of the whole model: names, hashes, images, variables.
 */
#ifndef YAWL_ORCHESTRATOR_CLI_CONFIG_REPORT_H
#define YAWL_ORCHESTRATOR_CLI_CONFIG_REPORT_H

#include "common/arena.h"
#include "common/error.h"
#include "orchestrator/compose/compose.h"

/* "NAME HASH" of the services that `wanted` lists (commas between names), or of all for "*". */
MUST_CHECK int config_report_hashes(const struct compose *compose, const char *wanted,
                                    struct arena *arena, struct text *out, struct error *err);

/* The image of each service, also of those that are built. */
void config_report_images(const struct compose *compose, struct text *out);

/* The variables that the files refer to, as a table or as JSON. */
void config_report_variables(const struct compose *compose, struct arena *arena, bool json,
                             struct text *out);

/* Explains a variable or a path of the model (compose_explain), and names the places that refer to
 * the variable; `raw` was loaded with no_interpolate, or is NULL. */
MUST_CHECK int config_report_explanation(const struct compose *compose, const struct compose *raw,
                                         const char *what, struct text *out, struct error *err);

/* One per line. */
void config_report_list(struct string_list list, struct text *out);

#endif
