/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A piece of a Dockerfile's text, and where in the file it stands. All of it lives in the arena of
 * whoever parsed the file.
 */
#ifndef YAWL_RUNTIME_BUILD_WORD_H
#define YAWL_RUNTIME_BUILD_WORD_H

#include <stdbool.h>

#include "common/arena.h"
#include "common/error.h"

struct word {
    const char *text;
    struct position at;
};

struct word_list {
    struct word *items;
    size_t count;
};

void word_list_add(struct arena *arena, struct word_list *list, struct word word);

/* What ends a word: a blank, a tab, and what else ASCII calls white space. */
bool char_is_blank(char c);

/* The first character of [text, end) that is no blank; `end` when there is none. */
const char *skip_blanks(const char *text, const char *end);

/* The end of [text, end) without the blanks before it. */
const char *trim_end(const char *text, const char *end);

#endif
