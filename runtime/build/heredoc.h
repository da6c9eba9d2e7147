/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Here-documents: `<<NAME`, `<<-NAME` (leading tabs go away), `3<<NAME`, `<<"NAME"` (the content is
 * not expanded).
 *
 * The words that open them stand in the text of an instruction, the contents on the lines behind
 * it, one after the other.
 */
#ifndef YAWL_RUNTIME_BUILD_HEREDOC_H
#define YAWL_RUNTIME_BUILD_HEREDOC_H

#include <stdbool.h>

#include "common/diagnostics.h"
#include "runtime/build/logical_line.h"

struct heredoc {
    const char *name;    /* without its quotes */
    const char *content; /* with the line ends of the file; without the tabs that `-` takes away */
    bool expand;         /* for COPY and ADD; the shell of a RUN sees for itself */
    bool strip_tabs;
    unsigned descriptor; /* the number before "<<", or 0 */
    struct position at;  /* of the word that opens it */
    unsigned first_line; /* of the content */
};

struct heredoc_list {
    struct heredoc *items;
    size_t count;
};

/* What stands around the words that may open one. */
struct heredoc_scan {
    const struct logical_line *line;
    size_t offset;    /* where the instruction's arguments begin */
    bool blanks;      /* "<< NAME" is one, too */
    const char *path; /* for diagnostics: "RUN" */
};

/* Finds the openers, and takes the contents off the reader. A content without its end is a mistake.
 */
void heredoc_list_read(struct line_reader *reader, const struct heredoc_scan *scan,
                       struct diagnostics *diagnostics, struct heredoc_list *ret_list);

#endif
