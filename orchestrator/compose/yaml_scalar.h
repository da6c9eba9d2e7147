/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a plain YAML scalar means, and which texts must therefore be quoted when they are meant as
 * text.
 *
 * The reading is the reference's: YAML 1.2's core schema, with the octal, binary and underscore
 * spellings of numbers that YAML 1.1 had, and dates as text. "yes" and "22:22" are text.
 */
#ifndef YAWL_ORCHESTRATOR_COMPOSE_YAML_SCALAR_H
#define YAWL_ORCHESTRATOR_COMPOSE_YAML_SCALAR_H

#include <stdbool.h>

#include "orchestrator/compose/node.h"

/* Gives a scalar node the kind and value of its plain text. */
void yaml_scalar_resolve(struct arena *arena, const char *text, struct node *node);

/* True when the text, written without quotes, is read as this very text by readers of YAML 1.1
 * and 1.2. */
bool yaml_scalar_is_text(const char *text);

#endif
