/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a text is written as a YAML scalar: plain where it can be, else in single or double quotes,
 * or as a literal block. The choice is the reference's, so that output is equal to the byte.
 */
#ifndef YAWL_ORCHESTRATOR_COMPOSE_YAML_STYLE_H
#define YAWL_ORCHESTRATOR_COMPOSE_YAML_STYLE_H

#include <stdbool.h>

#include "common/text.h"

/* Appends the text as a value whose block lines are indented by `indent` spaces. */
void yaml_style_write(const char *value, unsigned indent, struct text *out);

/* Appends the text as a mapping's key. False: it must be written as "? key" (it is long or has
 * several lines). */
bool yaml_style_write_key(const char *key, struct text *out);

#endif
