/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A typed model as text, byte for byte as the reference prints it.
 *
 * Keys of tables come in the tables' order, free names sorted, extensions last. Dollar signs are
 * not doubled here.
 */
#ifndef YAWL_ORCHESTRATOR_COMPOSE_PRINT_H
#define YAWL_ORCHESTRATOR_COMPOSE_PRINT_H

#include "common/text.h"
#include "orchestrator/compose/shape.h"

/* A NULL shape prints a tree that no table describes. */
void print_yaml(const struct node *node, const struct shape *shape, struct text *out);

/* `indent` spaces per level; 0: everything on one line without spaces. */
void print_json(const struct node *node, const struct shape *shape, unsigned indent,
                struct text *out);

/* The entries of a mapping in the order in which YAML prints them; the caller frees the array. */
enum print_order { ORDER_NATURAL, ORDER_BYTES };
const struct node_entry **print_sorted(const struct node *map, const struct shape *shape,
                                       enum print_order order);

#endif
