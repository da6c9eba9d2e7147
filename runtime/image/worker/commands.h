/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What yawl-image can do, one function a command. They print their results to stdout.
 *
 * A command with several operands does what it can: what went wrong with one is told on stderr at
 * once, and the command fails at the end without a text of its own.
 */
#ifndef YAWL_RUNTIME_IMAGE_WORKER_COMMANDS_H
#define YAWL_RUNTIME_IMAGE_WORKER_COMMANDS_H

#include <stdbool.h>

#include "common/arena.h"
#include "common/error.h"

struct command_options {
    struct arena *arena; /* for as long as the program runs */
    const char *data_root;
    const char *reference; /* load: in place of the archive's own; NULL */
    const char *format;    /* save: "oci", "docker"; list: "json"; NULL: the default */
    const char *output;    /* save */
    const char *message;   /* import; NULL */
    const char *platform;  /* import; NULL: this machine's */
    struct string_list changes, filters;
    bool quiet, events, all, force;
    char **operands;
    int n_operands;
};

/* "Loaded image: REF", or "Loaded image: sha256:..." for an image without a name. */
MUST_CHECK int command_load(const struct command_options *options, struct error *err);

/* Nothing: the archive may go to stdout. */
MUST_CHECK int command_save(const struct command_options *options, struct error *err);

/* The id. */
MUST_CHECK int command_import(const struct command_options *options, struct error *err);

/* "REF<TAB>ID", for another platform "REF<TAB>ID<TAB>PLATFORM"; or a JSON array (image_report.h).
 */
MUST_CHECK int command_list(const struct command_options *options, struct error *err);

/* A JSON array of what was found. */
MUST_CHECK int command_inspect(const struct command_options *options, struct error *err);

/* Nothing. */
MUST_CHECK int command_tag(const struct command_options *options, struct error *err);

/* "Untagged: REF", and "Deleted: ID" when that was the last name. What nothing needs any more is
 * removed too, unless another process has the store open: then by a later rm or prune. */
MUST_CHECK int command_rm(const struct command_options *options, struct error *err);

/* As rm, then "Removed N layers, N blobs, N leftovers" and "Total reclaimed space: 1.5MiB". */
MUST_CHECK int command_prune(const struct command_options *options, struct error *err);

/* Each image's result as report.h says; the others are done when one fails. */
MUST_CHECK int command_pull(const struct command_options *options, struct error *err);
MUST_CHECK int command_push(const struct command_options *options, struct error *err);

/* One JSON document: {"images": [...]}, as of image_resolve.h; one that failed has an "error". */
MUST_CHECK int command_resolve(const struct command_options *options, struct error *err);

/* "Forgot N steps", then as prune. */
MUST_CHECK int command_prune_steps(const struct command_options *options, struct error *err);

/* Events, as of runtime/build/worker/build_report.h; the operand is a build_request.h. */
MUST_CHECK int command_build(const struct command_options *options, struct error *err);

/* For build: net/worker.h, with an inherited socket. */
MUST_CHECK int command_net_worker(const struct command_options *options, struct error *err);

/* For them: says on stderr what went wrong with one operand. */
void command_complain(const struct error *err);

/* For them: references as people write them; ids as they are. */
const char *command_familiar(const char *reference, struct arena *arena);

#endif
