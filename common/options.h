/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Command line options by one table per command: "--name value", "--name=value", "-n value",
 * "-nvalue", "-dt".
 */
#ifndef YAWL_COMMON_OPTIONS_H
#define YAWL_COMMON_OPTIONS_H

#include <stdbool.h>

#include "common/arena.h"
#include "common/error.h"
#include "common/text.h"

enum option_kind {
    OPTION_END,
    OPTION_FLAG,   /* bool; "--name=false" clears */
    OPTION_STRING, /* const char * */
    OPTION_LIST,   /* struct string_list */
};

struct option_row {
    char letter; /* or '\0' */
    const char *name;
    enum option_kind kind;
    void *place;
    const char *argument; /* for help: "FILE" */
    const char *help;
};

struct option_parse {
    struct arena *arena;
    const struct option_row *rows;
    bool stop_at_operand; /* what follows the first operand belongs to another program */
};

/* Reads args (without the command's name). *ret_operands gets what is no option. "--" ends options.
 */
MUST_CHECK int options_parse(const struct option_parse *parse, struct string_list args,
                             struct string_list *ret_operands, struct error *err);

/* The option whose value the argument behind `last` would be, where `last` ends a command line;
 * NULL when it would be none. */
const struct option_row *options_waiting(const struct option_row *rows, const char *last);

/* One line per option. */
void options_help(const struct option_row *rows, struct text *out);

#endif
