/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stands behind an instruction's name and flags, and the ways to take it apart. Quotes and
 * variables stay as they are; that is for the expansion.
 */
#ifndef YAWL_RUNTIME_BUILD_ARGUMENTS_H
#define YAWL_RUNTIME_BUILD_ARGUMENTS_H

#include "runtime/build/logical_line.h"
#include "runtime/build/word.h"

/* [text, end) of the line, without blanks around it. */
struct arguments {
    const struct logical_line *line;
    const char *text, *end;
};

enum json_form {
    JSON_NONE,    /* no JSON array: a command line or a list of words */
    JSON_STRINGS, /* an array of strings */
    JSON_OTHERS,  /* an array with something else in it */
};

/* The part of the line from `offset` on. */
struct arguments arguments_from(const struct logical_line *line, size_t offset);

static inline bool arguments_are_empty(const struct arguments *arguments)
{
    return arguments->text == arguments->end;
}

/* All of it as one word; text "" when there is nothing. */
struct word arguments_text(const struct arguments *arguments, struct arena *arena);

/* Takes the first word off, whatever it is; text "" when there is none. */
struct word arguments_take(struct arguments *arguments, struct arena *arena);

/* The words between blanks. */
void arguments_split(const struct arguments *arguments, struct arena *arena,
                     struct word_list *ret_words);

/* Takes the first word off; a quoted or escaped blank does not end it. Empty at the end. */
struct arguments arguments_take_quoted(struct arguments *arguments, char escape);

/* The strings of a JSON array. The list is written for JSON_STRINGS only. */
enum json_form arguments_read_json(const struct arguments *arguments, struct arena *arena,
                                   struct word_list *ret_words);

#endif
