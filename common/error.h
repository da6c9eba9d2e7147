/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why a call failed, in words, built from the inside out.
 *
 * Every function that can fail takes `struct error *err` last and returns -1 or NULL. The text
 * starts with the verb of what was attempted; each caller may put its own context in front with
 * error_wrap(). An error is plain data on the caller's stack; nothing is allocated. `err` may be
 * NULL: then nothing is kept.
 */
#ifndef YAWL_COMMON_ERROR_H
#define YAWL_COMMON_ERROR_H

#include "common/cleanup.h"

/* Where something stands in a text that a user wrote. Lines and columns count from 1; 0 is unknown.
 */
struct position {
    const char *file; /* borrowed; outlives the error */
    unsigned line;
    unsigned column;
};

struct error {
    char text[1024];
    int number; /* errno of the system call behind it, or 0 */
    struct position at;
};

/* All of these return -1, so that a failing function can end in `return error_set(...)`. */
int error_set(struct error *err, const char *format, ...) PRINTF_LIKE(2, 3);

/* Adds ": " and the text of errno, and keeps errno in err->number. */
int error_sys(struct error *err, const char *format, ...) PRINTF_LIKE(2, 3);

/* As error_set(), at a place in a file. */
int error_at(struct error *err, struct position at, const char *format, ...) PRINTF_LIKE(3, 4);

/* Puts context and ": " in front of the text that is there. */
int error_wrap(struct error *err, const char *format, ...) PRINTF_LIKE(2, 3);

/* Makes it what another error says. */
int error_pass(const struct error *why, struct error *err);

#endif
