/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One instruction of a Dockerfile as plain data: what it says, before variables have values.
 *
 * Where its arguments are depends on the kind:
 *
 *     FROM                     words: the base; "AS" and the stage's name
 *     RUN CMD ENTRYPOINT SHELL words: the arguments (json), or one: the command line
 *     HEALTHCHECK              as CMD, and `health`
 *     COPY ADD                 words: the sources and the destination. A source that is a
 *                              here-document stands at the same position in `heredocs`
 *     ENV LABEL ARG            pairs
 *     EXPOSE VOLUME            words
 *     USER WORKDIR STOPSIGNAL MAINTAINER   words: one
 *     ONBUILD                  trigger
 *
 * evaluation_step() makes a copy with the values in place.
 */
#ifndef YAWL_RUNTIME_BUILD_INSTRUCTION_H
#define YAWL_RUNTIME_BUILD_INSTRUCTION_H

#include <stdint.h>

#include "runtime/build/build_mount.h"
#include "runtime/build/flag.h"
#include "runtime/build/heredoc.h"
#include "runtime/build/word.h"

enum instruction_kind {
    INSTRUCTION_ADD,
    INSTRUCTION_ARG,
    INSTRUCTION_CMD,
    INSTRUCTION_COPY,
    INSTRUCTION_ENTRYPOINT,
    INSTRUCTION_ENV,
    INSTRUCTION_EXPOSE,
    INSTRUCTION_FROM,
    INSTRUCTION_HEALTHCHECK,
    INSTRUCTION_LABEL,
    INSTRUCTION_MAINTAINER,
    INSTRUCTION_ONBUILD,
    INSTRUCTION_RUN,
    INSTRUCTION_SHELL,
    INSTRUCTION_STOPSIGNAL,
    INSTRUCTION_USER,
    INSTRUCTION_VOLUME,
    INSTRUCTION_WORKDIR,
    N_INSTRUCTIONS,
};

struct word_pair {
    struct word name;
    struct word value; /* text NULL: an ARG without a default */
};

/* Times are 0 when they are not given. */
struct build_healthcheck {
    bool none; /* HEALTHCHECK NONE */
    int64_t interval_ns, timeout_ns, start_period_ns, start_interval_ns;
    int64_t retries;
};

struct instruction {
    enum instruction_kind kind;
    const char *keyword; /* as it is written */
    const char *source;  /* the whole of it on one line, without here-documents */
    struct position at;
    unsigned last_line;
    unsigned empty_line;         /* an empty line among its continuations, or 0 */
    struct string_list comments; /* right above it */

    struct flag *flags;
    size_t n_flags;
    struct word_list words;
    bool json;
    struct word_pair *pairs;
    size_t n_pairs;
    bool legacy_pair; /* ENV NAME VALUE */
    struct heredoc_list heredocs;
    struct build_mount *mounts; /* of RUN, one for each flag; values may still hold variables */
    size_t n_mounts;
    struct build_healthcheck health;
    const struct instruction *trigger;
};

/* "RUN", in capital letters. */
const char *instruction_name(enum instruction_kind kind);

/* The flag, the first one if there are several, or NULL. */
const struct flag *instruction_flag(const struct instruction *instruction, enum flag_kind kind);

/* Its value, or NULL. */
const char *instruction_flag_value(const struct instruction *instruction, enum flag_kind kind);

/* The here-document that a source of COPY or ADD is, or NULL. */
const struct heredoc *instruction_heredoc_of(const struct instruction *instruction,
                                             const struct word *source);

/* What a file is read with. */
struct instruction_reader {
    struct line_reader *lines;
    struct diagnostics *diagnostics;
    size_t offset;   /* where the name of the instruction begins in its line */
    bool in_trigger; /* behind ONBUILD */
};

/*
 * Reads the instruction on the line; here-documents are taken off the reader. Mistakes are added;
 * false when there were some.
 */
bool instruction_read(const struct instruction_reader *reader, const struct logical_line *line,
                      struct instruction *ret_instruction);

#endif
