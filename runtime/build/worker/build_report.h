/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `yawl-image build` says while it builds: one JSON object a line for the program that started
 * it.
 *
 *     {"event":"step","build":"web","id":3,"label":"[build 2/5]","text":"RUN make","state":"done",
 *      "ms":1200}
 *     {"event":"output","build":"web","id":3,"text":"cc -o a a.c\n"}
 *     {"event":"built","build":"web","id":"sha256:...","tags":["shop-web"]}
 *
 * The states: running, cached, done, failed. Functions may be called from several threads; a line
 * is never torn. What is not UTF-8 in an output becomes U+FFFD.
 */
#ifndef YAWL_RUNTIME_BUILD_WORKER_BUILD_REPORT_H
#define YAWL_RUNTIME_BUILD_WORKER_BUILD_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/error.h"

struct report_step {
    const char *build; /* the request's name */
    unsigned id;       /* of the step, unique in the run */
    const char *label; /* "[build 2/5]" */
    const char *text;
    const char *state;
    int64_t ms; /* how long it took; -1: left out */
};

void build_report_step(const struct report_step *step);
void build_report_output(const struct report_step *step, const char *bytes, size_t length);
/* The terminal is a shell's from now on, or no longer. */
void build_report_shell(const struct report_step *step, bool begins);
void build_report_built(const char *build, const char *image_id, const struct string_list *tags);
void build_report_warning(const char *build, const char *message);
/* `message` may have several lines: the place in the Dockerfile, what a program said last. */
void build_report_error(const char *build, const char *message);

#endif
