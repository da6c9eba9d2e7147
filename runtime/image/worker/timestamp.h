/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Points in time as image documents and their users write them.
 */
#ifndef YAWL_RUNTIME_IMAGE_WORKER_TIMESTAMP_H
#define YAWL_RUNTIME_IMAGE_WORKER_TIMESTAMP_H

#include <stdbool.h>
#include <stdint.h>

#include "common/arena.h"

/* RFC 3339, its fraction dropped: "2026-01-31T12:00:00.5+01:00", or a date alone. */
bool timestamp_parse(const char *text, int64_t *ret_seconds);

/* As above, or unix seconds, or how long before `now`: "24h". */
bool timestamp_parse_moment(const char *text, int64_t now, int64_t *ret_seconds);

/* "2026-01-31T12:00:00Z" */
char *timestamp_format(int64_t seconds, struct arena *arena);

#endif
