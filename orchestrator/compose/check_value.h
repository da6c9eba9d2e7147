/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the schema demands of some texts. As in the reference, the patterns are not anchored: a text
 * passes when the pattern occurs in it.
 */
#ifndef YAWL_ORCHESTRATOR_COMPOSE_CHECK_VALUE_H
#define YAWL_ORCHESTRATOR_COMPOSE_CHECK_VALUE_H

#include <stdbool.h>

/* [a-zA-Z0-9][a-zA-Z0-9_.-]+ */
bool is_container_name(const char *text);

/* always, never, build, if_not_present, missing, refresh, daily, weekly, every_<duration> */
bool is_pull_policy(const char *text);

#endif
