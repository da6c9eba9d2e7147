/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A set of small numbers, such as of processors or memory nodes, as the kernel takes it and as it
 * writes it: "0-3,7".
 */
#ifndef YAWL_COMMON_NUMBER_SET_H
#define YAWL_COMMON_NUMBER_SET_H

#include <limits.h>
#include <stdbool.h>

enum {
    NUMBER_SET_MAX = 8192, /* all are below */
    NUMBER_SET_WORD_BITS = sizeof(unsigned long) * CHAR_BIT,
    NUMBER_SET_WORDS = NUMBER_SET_MAX / NUMBER_SET_WORD_BITS,
};

struct number_set {
    unsigned long words[NUMBER_SET_WORDS]; /* the lowest number is the lowest bit of the first */
};

/* Reads a list, up to the end of the text or of its line; nothing is the empty set. False when it
 * is no list, or a number is too large. */
bool number_set_parse(const char *list, struct number_set *ret_set);

bool number_set_is_empty(const struct number_set *set);
/* Whether everything that is in `inner` is in `outer`. */
bool number_set_within(const struct number_set *inner, const struct number_set *outer);

#endif
