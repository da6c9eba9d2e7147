/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Builds the images of a project's services: all of them in one run of the worker.
 */
#ifndef YAWL_ORCHESTRATOR_CLI_BUILD_PROJECT_BUILD_H
#define YAWL_ORCHESTRATOR_CLI_BUILD_PROJECT_BUILD_H

#include "orchestrator/cli/command.h"
#include "orchestrator/compose/project.h"
#include "runtime/build/build_request.h"

struct project_build_options {
    const char *data_root;
    struct string_list services; /* with a build; what they name as `service:` is built, too */
    struct string_list args;     /* "NAME=value", on top of the services' own */
    struct string_list ssh;      /* "default" or "ID=SOCKET" */
    bool no_cache, pull, quiet;
    bool print_ids;         /* of what was built, to standard output */
    bool rewrite_timestamp; /* no file of a layer is newer than SOURCE_DATE_EPOCH */
    bool debug_shell;       /* a RUN that fails is followed by a shell on our terminal */
};

/* A build that is no service's, as docker's `build` has it. */
struct context_build {
    const char *context; /* a folder as the user writes it, an address, or "-" */
    const char *dockerfile, *target;
    struct string_list tags;
};

MUST_CHECK int context_build_order(struct session *session, const struct context_build *build,
                                   const struct project_build_options *options,
                                   struct build_order *ret_order, struct error *err);

/* Puts the builds together, each behind those that it needs. */
MUST_CHECK int project_build_order(struct session *session, const struct project *project,
                                   const struct project_build_options *options,
                                   struct build_order *ret_order, struct error *err);

/* What would be built, to standard output: a file of docker's `buildx bake`, as JSON. */
MUST_CHECK int project_build_print(struct session *session, const struct project *project,
                                   const struct project_build_options *options, struct error *err);

/* Says what is doubtful in the Dockerfiles of the services named, and builds nothing. */
MUST_CHECK int project_build_check(struct session *session, const struct project *project,
                                   const struct project_build_options *options, struct error *err);

/* Builds what was put together. On -1 with an empty text the reason was printed. *ret_interrupted:
 * a signal has ended it. */
MUST_CHECK int build_order_run(struct session *session, const struct project_build_options *options,
                               struct build_order *order, bool *ret_interrupted, struct error *err);

/* The order of the services named, and its run. */
MUST_CHECK int project_build(struct session *session, const struct project *project,
                             const struct project_build_options *options, bool *ret_interrupted,
                             struct error *err);

#endif
