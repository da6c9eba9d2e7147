/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cuts a Dockerfile into logical lines: the text of one instruction, joined over continuation
 * lines, without the comments and empty lines between them.
 *
 *     # tells about bash          comments: "tells about bash"
 *     RUN apt-get update && \
 *         # and the shell         text: "RUN apt-get update &&     apt-get install bash"
 *         apt-get install bash    pieces: where each part of the text came from
 *
 * An escape character ends a line that goes on, unless another one stands before it. Line ends may
 * be LF or CR LF. The reader knows nothing about instructions; texts are copied into its arena.
 */
#ifndef YAWL_RUNTIME_BUILD_LOGICAL_LINE_H
#define YAWL_RUNTIME_BUILD_LOGICAL_LINE_H

#include <stdbool.h>

#include "common/arena.h"
#include "common/error.h"

/* From `offset` of the text on, up to the next piece. */
struct line_piece {
    size_t offset;
    unsigned line, column;
};

struct logical_line {
    const char *file;
    const char *text;
    size_t length;
    struct line_piece *pieces;
    size_t n_pieces;
    unsigned first_line, last_line;
    unsigned empty_line;         /* the first empty line among the continuations, or 0 */
    struct string_list comments; /* right before it, without '#' and the blanks around */
};

struct line_reader {
    struct arena *arena;
    const char *file;
    const char *next, *end; /* borrowed */
    unsigned line;          /* number of the line that is read next */
    char escape;
};

/* One line as it stands in the file: [text, text + length) without its line end, which comes up to
 * `next`. */
struct physical_line {
    const char *text;
    size_t length;
    const char *next;
};

/* Reads the next line as it is; false at the end. */
bool line_reader_take(struct line_reader *reader, struct physical_line *ret_line);

/* As above, without moving on. */
bool line_reader_peek(const struct line_reader *reader, struct physical_line *ret_line);

/* The next logical line that is not empty; false at the end. */
bool line_reader_next(struct line_reader *reader, struct logical_line *ret_line);

/* Where a character of the text stands in the file. */
struct position logical_line_at(const struct logical_line *line, size_t offset);

#endif
