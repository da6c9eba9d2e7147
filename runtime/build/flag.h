/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The flags between an instruction's name and its arguments: `--from=build`, `--link`.
 */
#ifndef YAWL_RUNTIME_BUILD_FLAG_H
#define YAWL_RUNTIME_BUILD_FLAG_H

#include "common/diagnostics.h"
#include "runtime/build/logical_line.h"
#include "runtime/build/word.h"

enum flag_kind {
    FLAG_CHECKSUM,
    FLAG_CHMOD,
    FLAG_CHOWN,
    FLAG_DEVICE,
    FLAG_EXCLUDE,
    FLAG_FROM,
    FLAG_INTERVAL,
    FLAG_KEEP_GIT_DIR,
    FLAG_LINK,
    FLAG_MOUNT,
    FLAG_NETWORK,
    FLAG_PARENTS,
    FLAG_PLATFORM,
    FLAG_RETRIES,
    FLAG_SECURITY,
    FLAG_START_INTERVAL,
    FLAG_START_PERIOD,
    FLAG_TIMEOUT,
    FLAG_UNPACK,
    N_FLAGS,
};

/* A set of them. */
#define FLAG_BIT(kind) (1u << (kind))

struct flag {
    enum flag_kind kind;
    struct word value; /* "true" or "false" for those that are on or off */
    struct position at;
};

struct flag_list {
    struct flag *items;
    size_t count;
};

/* "chown" */
const char *flag_name(enum flag_kind kind);

/* Where flags are looked for, and which ones there may be. */
struct flag_scan {
    const struct logical_line *line;
    size_t offset;
    unsigned allowed; /* FLAG_BIT() each */
    const char *path; /* for diagnostics: "RUN" */
};

/* Reads the flags; mistakes are added. `ret_end` is the offset behind the last one. */
void flag_list_read(const struct flag_scan *scan, struct arena *arena,
                    struct diagnostics *diagnostics, struct flag_list *ret_list, size_t *ret_end);

#endif
