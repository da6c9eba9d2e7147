/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keys that leave a container's terminal without ending it, found in what is typed.
 */
#ifndef YAWL_ORCHESTRATOR_CLI_DETACH_KEYS_H
#define YAWL_ORCHESTRATOR_CLI_DETACH_KEYS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"
#include "common/text.h"

enum { DETACH_KEYS_MAX = 16 };

struct detach_keys {
    unsigned char keys[DETACH_KEYS_MAX];
    size_t count;   /* 0: nothing detaches */
    size_t matched; /* how many of them were just typed, and are held back */
};

#define DETACH_KEYS_DEFAULT "ctrl-p,ctrl-q"

/* Docker's notation: single characters and "ctrl-X" with X one of a-z @ [ \ ] ^ _, separated by
 * commas. */
MUST_CHECK int detach_keys_parse(const char *text, struct detach_keys *ret_keys, struct error *err);

/* Appends what is to go on to the container. True once all the keys were typed in a row; what
 * follows them in `bytes` is dropped. */
bool detach_keys_filter(struct detach_keys *keys, const char *bytes, size_t length,
                        struct text *out);

#endif
