/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which entries of `develop.watch` a path on the host concerns, and where it is in the container.
 *
 * A path counts for an entry when it is at or below the entry's path, one of its `include` patterns
 * matches it (if it has any), and neither do its `ignore` patterns, the ignore file of the
 * service's build context, what editors leave beside the files that they edit, nor is it in a
 * ".git".
 */
#ifndef YAWL_ORCHESTRATOR_CLI_WATCH_WATCH_RULES_H
#define YAWL_ORCHESTRATOR_CLI_WATCH_WATCH_RULES_H

#include <stdbool.h>

#include "common/diagnostics.h"
#include "orchestrator/compose/project.h"
#include "runtime/build/ignore_file.h"

/* An entry, ready to be compared. Borrows from the project. */
struct watched {
    const struct service *service;
    const struct watch_rule *rule;
    const char *path;                         /* of the rule, with its own links followed */
    const char *context;                      /* what the ignore file's patterns are relative to */
    const struct ignore_file *context_ignore; /* or NULL */
    struct ignore_file ignore, include;       /* relative to the path */
};

struct watch_rules {
    struct watched *items;
    size_t count;
    struct ignore_file editors; /* patterns of what editors leave */
};

/* Reads the entries of the named services (empty: of all), and their ignore files. What is wrong
 * goes into the diagnostics; entries whose path a bind mount covers are told of and left out. */
MUST_CHECK int watch_rules_make(const struct project *project, struct string_list services,
                                struct arena *arena, struct diagnostics *diagnostics,
                                struct watch_rules *ret_rules, struct error *err);

/* Whether the path counts for the entry. *ret_target is where it is in the container, in the arena,
 * or NULL for an entry without a target. */
bool watch_rules_match(const struct watch_rules *rules, const struct watched *watched,
                       const char *path, struct arena *arena, const char **ret_target);

/* Whether nothing that is in the directory counts for any entry. */
bool watch_rules_skip(const struct watch_rules *rules, const char *directory);

#endif
