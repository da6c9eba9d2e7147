/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `run`: one container of a service, beside its replicas, with what the command line changes of it.
 *
 * What it changes is a Compose file of its own, merged on top of the user's: so every short form
 * means what it means in a file, and mistakes are told in the same words.
 */
#ifndef YAWL_ORCHESTRATOR_CLI_RUN_H
#define YAWL_ORCHESTRATOR_CLI_RUN_H

#include "orchestrator/cli/command.h"

struct run_changes {
    const char *service;
    struct string_list command; /* empty: the service's own */
    const char *entrypoint, *user, *working_dir;
    struct string_list env, env_files, labels, ports, volumes, cap_add, cap_drop;
    bool service_ports; /* the service's are published too */
    bool tty;
};

/* Writes the file; *ret_path names a descriptor of this process, which stays open. `env` gets the
 * variables of `env_files`. */
MUST_CHECK int run_file_make(struct run_changes *changes, struct arena *arena,
                             const char **ret_path, int *ret_fd, struct error *err);

#endif
