/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What yawl-image can do, one function a command. They print their results to stdout.
 */
#ifndef YAWL_RUNTIME_IMAGE_WORKER_COMMANDS_H
#define YAWL_RUNTIME_IMAGE_WORKER_COMMANDS_H

#include <stdbool.h>

#include "common/error.h"

struct command_options {
    const char *data_root;
    const char *reference; /* NULL: the archive's own */
    bool quiet;
    bool events; /* see report.h */
    char **operands;
    int n_operands;
};

/* "Loaded image: REF", or "Loaded image: sha256:..." for an image without a name. */
MUST_CHECK int command_load(const struct command_options *options, struct error *err);

/* "REF<TAB>ID". */
MUST_CHECK int command_list(const struct command_options *options, struct error *err);

/* "Untagged: REF". The layers stay until the next prune. */
MUST_CHECK int command_rm(const struct command_options *options, struct error *err);

/* "Removed N layers, N blobs, N leftovers". */
MUST_CHECK int command_prune(const struct command_options *options, struct error *err);

/* Each image's result as report.h says; the others are done when one fails. */
MUST_CHECK int command_pull(const struct command_options *options, struct error *err);
MUST_CHECK int command_push(const struct command_options *options, struct error *err);

/* One JSON document: {"images": [...]}, as of image_resolve.h; one that failed has an "error". */
MUST_CHECK int command_resolve(const struct command_options *options, struct error *err);

#endif
