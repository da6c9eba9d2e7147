/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The address of a git repository, as contexts and ADD have it:
 *
 *     https://host/x.git   git://host/x   ssh://user@host/x   git@host:x   github.com/x
 *
 * each with `#BRANCH-TAG-OR-COMMIT:FOLDER` behind it, where both parts may be missing.
 */
#ifndef YAWL_RUNTIME_BUILD_GIT_ADDRESS_H
#define YAWL_RUNTIME_BUILD_GIT_ADDRESS_H

#include <stdbool.h>

#include "common/arena.h"

struct git_address {
    const char *remote; /* for git */
    const char *ref;    /* NULL: what the remote's HEAD is */
    const char *folder; /* NULL: all of it */
};

/* Whether the text is one; a plain http address is only when its path ends in ".git". Texts are put
 * into the arena. */
bool git_address_parse(const char *text, struct arena *arena, struct git_address *ret_address);

#endif
