/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `--format` of a listing: "table", "json", or a template as people write it for docker's commands,
 * "{{.Name}}: {{.State}}" for a line each, "table {{.Name}}\t{{.State}}" for columns with a head.
 *
 * Of Go's templates only fields are known, and `json` before one or before all of them: what lists
 * things needs no more. A template speaks of the members of the objects that "json" prints.
 */
#ifndef YAWL_ORCHESTRATOR_CLI_LIST_FORMAT_H
#define YAWL_ORCHESTRATOR_CLI_LIST_FORMAT_H

#include "common/arena.h"
#include "common/error.h"
#include "common/json.h"
#include "common/text.h"

enum list_kind { LIST_TABLE, LIST_JSON, LIST_TEMPLATE };

/* NULL and "" are a table. Whatever has a "{{" is a template; another word is an error. */
MUST_CHECK int list_format_kind(const char *format, enum list_kind *ret_kind, struct error *err);

/* Appends the objects of an array by a template. Fails where it has something that is not
 * understood, or a field that the objects lack. */
MUST_CHECK int list_format_rows(const char *format, const json_t *rows, struct arena *arena,
                                struct text *out, struct error *err);

#endif
