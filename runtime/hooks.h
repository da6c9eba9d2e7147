/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Programs that an OCI bundle wants to be run at points of a container's life. Each is told the
 * container's state, as JSON, on its standard input; what it prints goes to standard error, or
 * where the bundle says.
 */
#ifndef YAWL_RUNTIME_HOOKS_H
#define YAWL_RUNTIME_HOOKS_H

#include <sys/types.h>

#include "runtime/bundle_spec.h"
#include "runtime/failure.h"

/* What hooks read and where they write. */
struct hook_files {
    int state_fd;      /* a file that each reads from its beginning; -1 without hooks */
    int output_fds[2]; /* standard output and error; -1: our standard error */
};

/* Where and with what hooks run. */
struct hook_surroundings {
    const struct hook_files *files;
    const char *dir;        /* absolute; NULL: where the caller is */
    const char *const *env; /* of those that name none; NULL: empty */
};

/* What runc and crun give to hooks outside of the container: the bundle as their working directory,
 * and the caller's environment. */
struct hook_surroundings hook_surroundings_outside(const struct bundle_spec *bundle,
                                                   const struct hook_files *files);

/* Runs them one after the other in the caller's namespaces and waits; the first that fails, or does
 * not end in time, is a failure. Does not allocate, and may run between clone3() and execve(). */
MUST_CHECK int hooks_run(const struct hook_list *hooks,
                         const struct hook_surroundings *surroundings, struct failure *failure);

/* An empty file in memory for the state, and what hooks of the bundle (NULL: of nobody) write to.
 * hook_files_close() in any case. */
MUST_CHECK int hook_files_open(const struct bundle_hooks *hooks, struct hook_files *ret_files,
                               struct error *err);
void hook_files_close(const struct hook_files *files);

/* Writes the state of the bundle's container into it: `status` is "created", "running", ... */
MUST_CHECK int hooks_state_write(const struct bundle_spec *bundle, pid_t pid, const char *status,
                                 int state_fd, struct error *err);

/* The same as text. */
void hooks_state_format(const struct bundle_spec *bundle, pid_t pid, const char *status,
                        struct text *out);

#endif
