/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `yawl-image build` says while it builds: one JSON object a line
 * (runtime/build/worker/build_report.h). What is not known here is BUILD_EVENT_OTHER.
 */
#ifndef YAWL_ORCHESTRATOR_CLI_BUILD_BUILD_EVENT_H
#define YAWL_ORCHESTRATOR_CLI_BUILD_BUILD_EVENT_H

#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/error.h"

enum build_event_kind {
    BUILD_EVENT_OTHER,
    BUILD_EVENT_STEP,
    BUILD_EVENT_OUTPUT,
    BUILD_EVENT_BUILT,
    BUILD_EVENT_WARNING,
    BUILD_EVENT_ERROR,
    BUILD_EVENT_PULLED,
    BUILD_EVENT_SHELL, /* RUNNING: the terminal is a shell's; DONE: no longer */
};

enum build_step_state { BUILD_STEP_RUNNING, BUILD_STEP_CACHED, BUILD_STEP_DONE, BUILD_STEP_FAILED };

/* Texts are "" where the event has none. */
struct build_event {
    enum build_event_kind kind;
    const char *build; /* the service */
    int64_t id;        /* of the step */
    enum build_step_state state;
    const char *label, *text;
    const char *image; /* the id that was built; the reference that was pulled */
    const char *message;
    int64_t ms; /* -1: not told */
};

/* Reads one line without its newline; texts are copied into the arena. */
MUST_CHECK int build_event_parse(const char *line, size_t length, struct arena *arena,
                                 struct build_event *ret_event, struct error *err);

#endif
