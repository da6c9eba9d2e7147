/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of cells under a head, in columns as wide as they need, three spaces apart, as docker lists
 * things.
 */
#ifndef YAWL_ORCHESTRATOR_CLI_TABLE_H
#define YAWL_ORCHESTRATOR_CLI_TABLE_H

#include "common/arena.h"
#include "common/text.h"

struct table {
    struct arena *arena;
    size_t columns;
    struct string_list cells; /* row after row, the head first */
};

/* A table with these heads; `heads` ends with NULL. */
struct table table_start(struct arena *arena, const char *const *heads);

/* The next cell; it is copied. Rows are complete before the table is printed. */
void table_add(struct table *table, const char *cell);

void table_print(const struct table *table, struct text *out);

#endif
