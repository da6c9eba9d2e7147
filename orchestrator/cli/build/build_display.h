/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shows how builds go: on a terminal, finished steps as lines and running ones below, each with the
 * last lines of its output; elsewhere a line for everything.
 */
#ifndef YAWL_ORCHESTRATOR_CLI_BUILD_BUILD_DISPLAY_H
#define YAWL_ORCHESTRATOR_CLI_BUILD_BUILD_DISPLAY_H

#include "orchestrator/cli/build/build_event.h"
#include "orchestrator/cli/progress_mode.h"

struct build_display;

struct build_display *build_display_new(struct progress_mode mode);
void build_display_free(struct build_display *display);
DEFINE_SCOPED(struct build_display *, build_display_free)

/* `line` is the event as it came, for PROGRESS_JSON. */
void build_display_event(struct build_display *display, const struct build_event *event,
                         const char *line);
/* A line of the worker's own standard error. */
void build_display_say(struct build_display *display, const char *line);
void build_display_tick(struct build_display *display);
/* Takes away what is only shown while something runs. */
void build_display_finish(struct build_display *display);

#endif
