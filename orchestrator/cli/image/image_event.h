/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What yawl-image says while it works: one JSON object a line (its --events).
 *
 *     {"event":"layer","image":"postgres:16","layer":"sha256:...","state":"downloading",
 *      "current":N,"total":N}
 *
 * Events of a kind that is not known here are read as IMAGE_EVENT_OTHER, so that a newer worker is
 * understood as far as it goes.
 */
#ifndef YAWL_ORCHESTRATOR_CLI_IMAGE_IMAGE_EVENT_H
#define YAWL_ORCHESTRATOR_CLI_IMAGE_IMAGE_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/error.h"

enum image_event_kind {
    IMAGE_EVENT_OTHER,
    IMAGE_EVENT_RESOLVING,
    IMAGE_EVENT_LAYER,
    IMAGE_EVENT_DONE, /* pulled or pushed */
    IMAGE_EVENT_WARNING,
    IMAGE_EVENT_ERROR,
};

enum layer_state {
    LAYER_WAITING,
    LAYER_DOWNLOADING,
    LAYER_UNPACKING,
    LAYER_PUSHING,
    LAYER_DONE,
    LAYER_EXISTS, /* on the side where it should go; nothing was moved */
};

/* Texts are "" where the event has none. */
struct image_event {
    enum image_event_kind kind;
    const char *image; /* the reference as the worker was given it */
    const char *layer; /* digest */
    enum layer_state state;
    int64_t current, total; /* bytes; 0: not known */
    const char *digest;
    const char *message;
    bool changed; /* the reference means another image than before */
};

/* Reads one line without its newline; texts are copied into the arena. */
MUST_CHECK int image_event_parse(const char *line, size_t length, struct arena *arena,
                                 struct image_event *ret_event, struct error *err);

/* What a message of the worker says beyond naming the image again: "pull 'a:1': no such host" is
 * "no such host". Borrowed from the message. */
const char *image_event_reason(const char *message, const char *image);

#endif
