/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stands at the end of a terminal and is drawn again in its place, below lines that stay. All
 * of it goes to standard error.
 */
#ifndef YAWL_ORCHESTRATOR_CLI_PICTURE_H
#define YAWL_ORCHESTRATOR_CLI_PICTURE_H

#include "common/text.h"

/* Zero-initialized, nothing is drawn. Writing what cannot be shown is no error. */
struct picture {
    struct text lines; /* as they stand there */
};

/* Forgets it; what is drawn stays. */
void picture_done(struct picture *picture);

/* Writes lines that stay where the picture is, and draws these below them. Both are whole lines, or
 * "". */
void picture_draw(struct picture *picture, const char *above, const char *lines);
/* Writes lines that stay, and the same picture below them. */
void picture_print(const struct picture *picture, const char *above);

struct window {
    unsigned columns, rows;
};

/* Of the terminal behind standard error; 80 times 24 where it does not say. */
struct window window_size(void);

/* How many rows the lines take in a window of this width, which may not be the one that they were
 * made for. Colours take no place. */
unsigned picture_rows(const char *lines, unsigned columns);

/* Appends as much of one line as a row has place for, and its newline. The text has no colours. */
void picture_append_row(struct text *out, const char *text, unsigned columns);

#endif
