/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is wrong with the files that a user wrote: all of it, each with its place, printed together.
 *
 *     compose.yaml:14:5: error: services.api: unknown key 'imge' (did you mean 'image'?)
 *
 * Texts are copied. Entries keep the order in which they were found; the same entry twice is kept
 * once.
 */
#ifndef YAWL_COMMON_DIAGNOSTICS_H
#define YAWL_COMMON_DIAGNOSTICS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"
#include "common/text.h"

enum severity { SEVERITY_ERROR, SEVERITY_WARNING };

struct diagnostic {
    enum severity severity;
    struct position at;
    const char *path; /* "services.api.ports[0]", or NULL */
    const char *message;
    const char *hint; /* what to write instead, or NULL */
    /* Second place: the anchor, .env line, base file; line 0 when there is none. */
    struct position came_by;
    const char *came_how; /* "set in"; NULL: "came by way of" */
};

struct diagnostics;

struct diagnostics *diagnostics_new(void);
void diagnostics_free(struct diagnostics *diagnostics);
DEFINE_SCOPED(struct diagnostics *, diagnostics_free)

/* Copies the entry; beyond LIMIT_DIAGNOSTICS it only counts. */
void diagnostics_add(struct diagnostics *diagnostics, const struct diagnostic *entry);
void diagnostics_error(struct diagnostics *diagnostics, struct position at, const char *path,
                       const char *format, ...) PRINTF_LIKE(4, 5);
void diagnostics_warning(struct diagnostics *diagnostics, struct position at, const char *path,
                         const char *format, ...) PRINTF_LIKE(4, 5);

size_t diagnostics_count(const struct diagnostics *diagnostics, enum severity severity);
size_t diagnostics_length(const struct diagnostics *diagnostics);
const struct diagnostic *diagnostics_get(const struct diagnostics *diagnostics, size_t index);

/* The entries by file, line and column, in the order in which they were found where these are the
 * same; what belongs to no file comes first. `entries` has room for diagnostics_length(). */
void diagnostics_sort(const struct diagnostics *diagnostics, const struct diagnostic **entries);

/* Everything as the terminal shows it, sorted; with the source line and a caret where the file can
 * be read.
 */
void diagnostics_print(const struct diagnostics *diagnostics, struct text *out);

#endif
