/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Takes quotes and escapes off a word and puts values in the place of variables, as BuildKit does:
 *
 *     $name  ${name}                          the value; nothing when it is unset
 *     ${name:-word}  ${name-word}             a default for what is unset (with ':' also: empty)
 *     ${name:+word}  ${name+word}             instead of what is set
 *     ${name:?word}  ${name?word}             fails with that message
 *     ${name#pattern}  ## % %%                without the shortest or longest prefix or suffix
 *     ${name/pattern/word}  //                with the first or each match replaced
 *
 * Nothing is taken from the process: no environment, no files.
 */
#ifndef YAWL_RUNTIME_BUILD_EXPANSION_H
#define YAWL_RUNTIME_BUILD_EXPANSION_H

#include "common/text.h"
#include "runtime/build/scope.h"

struct expansion {
    struct arena *arena; /* of the lists below */
    const struct scope *scope;
    char escape;
    bool keep_quotes; /* quotes are nothing special: the content of a here-document */
    /* Names that were met, each once, the first LIMIT_NOTED_NAMES of them. */
    struct string_list used;
    struct string_list unset; /* and the text says nothing of that case */
};

/* Appends what the text says. The result is at most LIMIT_EXPANSION_BYTES longer than the text. */
MUST_CHECK int expansion_word(struct expansion *expansion, const char *text, struct text *out,
                              struct error *err);

/* As above, as the words that the result makes; blanks that come from a value count, quoted ones
 * do not. */
MUST_CHECK int expansion_words(struct expansion *expansion, const char *text,
                               struct string_list *words, struct error *err);

#endif
