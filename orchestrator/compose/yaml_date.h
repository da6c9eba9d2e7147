/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plain scalars that YAML takes for a point in time: "2001-12-14", "2001-12-14t21:59:43.1-05:00",
 * "2001-12-14 21:59:43". With a T there must be a zone, with a blank there must be none.
 */
#ifndef YAWL_ORCHESTRATOR_COMPOSE_YAML_DATE_H
#define YAWL_ORCHESTRATOR_COMPOSE_YAML_DATE_H

#include <stdbool.h>

#include "common/text.h"

/* Appends the text that the reference makes of it: "2001-12-14 21:59:43.1 -0500 -0500". False, and
 * nothing appended, when the text is no date. */
bool yaml_date_rewrite(const char *text, struct text *out);

bool yaml_date_is(const char *text);

#endif
