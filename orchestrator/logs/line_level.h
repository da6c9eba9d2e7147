/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How grave a line says that it is, in the forms that programs commonly use: JSON, logfmt, and
 * plain text with a word for it ("ERROR", "[warn]", "error: ...").
 *
 * Whoever has no word of its own may go on with what was said before, as a stack trace does. Pure;
 * the lines are hostile.
 */
#ifndef YAWL_ORCHESTRATOR_LOGS_LINE_LEVEL_H
#define YAWL_ORCHESTRATOR_LOGS_LINE_LEVEL_H

#include <stdbool.h>
#include <stddef.h>

/* Each is graver than the one before. */
enum line_level {
    LEVEL_NONE,
    LEVEL_TRACE,
    LEVEL_DEBUG,
    LEVEL_INFO,
    LEVEL_WARN,
    LEVEL_ERROR,
    LEVEL_FATAL,
};

/* "trace", "debug", ...; NULL for LEVEL_NONE. */
const char *line_level_name(enum line_level level);

/* The names above and their common variants in any case ("WARNING", "crit", "eror"), first letters,
 * and the numbers of syslog (0 to 7) and pino (10 to 60). LEVEL_NONE when it is none of them. */
enum line_level line_level_from_word(const char *word, size_t length);

struct line_say {
    enum line_level level; /* LEVEL_NONE: it says nothing */
    bool continues;        /* it belongs to the line before, and is at least as grave */
};

/* What the line says for itself. */
struct line_say line_level_find(const char *bytes, size_t length);

#endif
