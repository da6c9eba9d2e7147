/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `develop.watch` while it lasts: files that change on the host are put into the running containers
 * of their services, which are restarted, made anew or have something run in them, as their entries
 * say.
 *
 * It lives on the loop of a struct follow, which knows the containers, and takes batches one after
 * another: first images are rebuilt, then files are put in place, then services are restarted and
 * commands run. What changes meanwhile is the next batch.
 */
#ifndef YAWL_ORCHESTRATOR_CLI_WATCH_WATCH_H
#define YAWL_ORCHESTRATOR_CLI_WATCH_WATCH_H

#include "orchestrator/cli/command.h"
#include "orchestrator/cli/follow.h"

struct watch_options {
    struct session *session; /* borrowed for the life of the watch, as is all of this */
    const struct project *project;
    struct string_list services; /* empty: all */
    bool quiet;                  /* no progress of rebuilds */
};

struct watch;

/* Reads the entries; mistakes are printed, and are an error without a text. Fails, too, when no
 * service has any. */
MUST_CHECK int watch_new(const struct watch_options *options, struct watch **ret_watch,
                         struct error *err);
void watch_free(struct watch *watch);
DEFINE_SCOPED(struct watch *, watch_free)

/* Begins, for a project whose directories are there. `follow` and `dir` are borrowed until
 * watch_stop(). */
MUST_CHECK int watch_start(struct watch *watch, struct follow *follow,
                           const struct project_dir *dir, struct error *err);
/* Before the follow is freed. A rebuild that is under way is ended. */
void watch_stop(struct watch *watch);

/* Watches what runs until a signal or the end of the project. Returns the exit code or -1. */
MUST_CHECK int watch_run(struct watch *watch, const struct project_dir *dir,
                         struct progress *progress, struct error *err);

/* For the judge: containers that are new get what `initial_sync` asks for. */
void watch_look(struct watch *watch);

#endif
