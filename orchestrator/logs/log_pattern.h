/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A regular expression that lines are searched for.
 *
 * PCRE2, compiled to machine code: what people know from grep -P and editors (\d, \b, (?i),
 * look-around), four to eleven times as fast as regexec(3), which moreover has no bound on what an
 * expression may cost. Lines are UTF-8; bytes that are none match nothing but are no mistake.
 */
#ifndef YAWL_ORCHESTRATOR_LOGS_LOG_PATTERN_H
#define YAWL_ORCHESTRATOR_LOGS_LOG_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/error.h"

struct log_pattern;

MUST_CHECK int log_pattern_new(const char *expression, bool ignore_case,
                               struct log_pattern **ret_pattern, struct error *err);
void log_pattern_free(struct log_pattern *pattern);
DEFINE_SCOPED(struct log_pattern *, log_pattern_free)

/* A search that takes too many steps is given up: it counts as no match, and is counted. */
bool log_pattern_matches(struct log_pattern *pattern, const char *bytes, size_t length);
uint64_t log_pattern_given_up(const struct log_pattern *pattern);

#endif
