/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What yawl-image says while it pulls and pushes: lines for people, or one JSON object a line for
 * the program that started it (--events).
 *
 *     {"event":"layer","image":"postgres:16","layer":"sha256:...","state":"downloading",
 *      "current":1048576,"total":52428800}
 *
 * The events: resolving, layer, pulled, pushed, warning, error. Functions may be called from
 * several threads; a line is never torn.
 */
#ifndef YAWL_RUNTIME_IMAGE_WORKER_REPORT_H
#define YAWL_RUNTIME_IMAGE_WORKER_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"

struct report {
    bool events; /* else lines for people: results to stdout, the rest to stderr */
};

/* How far one layer of an image is. */
struct report_layer {
    const char *image;  /* as the user wrote it */
    const char *digest; /* of its bytes as they travel */
    const char *state; /* "waiting", "downloading", "unpacking", "done", "exists", "pushing", ... */
    int64_t current, total;
};

/* The end of one image's way. */
struct report_result {
    const char *event; /* "pulled" or "pushed" */
    const char *image;
    const char *id; /* of the image; NULL: left out */
    const char *digest;
    int64_t size; /* of the manifest; 0: left out */
    bool changed; /* false: it was there already */
};

void report_resolving(const struct report *report, const char *image);
void report_layer(const struct report *report, const struct report_layer *layer);
void report_result(const struct report *report, const struct report_result *result);
/* `image` may be NULL: about the registry as such. */
void report_warning(const struct report *report, const char *image, const char *message);
/* Devices of an image that this user may not make, if there are any. */
void report_left_out(const struct report *report, const char *image, size_t count);
void report_error(const struct report *report, const char *image, const struct error *err);

#endif
