/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The last steps of every process that enters a container, as its process 1 or by exec: it gives up
 * what it may not have and becomes the program.
 *
 * program_run() runs between clone3() and execve(): async-signal-safe calls only.
 */
#ifndef YAWL_RUNTIME_PROGRAM_H
#define YAWL_RUNTIME_PROGRAM_H

#include <linux/filter.h>

#include "runtime/bundle_spec.h"
#include "runtime/failure.h"
#include "runtime/identity.h"

struct program {
    const char **argv; /* NULL-terminated; two free places lie in front of the first */
    const char **envp; /* NULL-terminated; one more place follows the NULL */
    size_t n_env;
    bool has_home;
    const char *search_path; /* PATH of the environment, or the default */
    const char *cwd;
    uint64_t capabilities;
    struct sock_fprog filter; /* of length 0: none */
    unsigned filter_flags;
    const struct process_spec *process; /* or NULL; instead of `capabilities` and our defaults */
    bool no_new_privileges;
    bool looks_only;   /* see program_look() */
    bool is_bare;      /* see program_yield() */
    bool is_in_cwd;    /* program_yield() could change to `cwd` */
    bool tty;          /* descriptor 0 becomes the controlling terminal */
    bool keeps_groups; /* the user namespace lets nobody choose supplementary groups */
    int init_fd;       /* our init, which then runs argv; -1: none */
};

/* Fills the program from args, env, cwd, capabilities and filter of the spec; lists in the arena.
 * Only a bundle's may be without args: it can be created, and not started. */
MUST_CHECK int program_plan(const struct container_spec *spec, struct arena *arena,
                            struct program *ret_program, struct error *err);

/* Looks for the program as program_run() will, without running it: a bundle's creator is to hear of
 * one that is not there. In the container's root. */
MUST_CHECK int program_look(struct program *program, struct failure *failure);

/* The first part of program_run(), for who clones in between: all that takes privileges. Afterwards
 * the process, and whoever it clones, has those of the program and its filter, so that nobody who
 * may trace the clone gets more. It is in the container's root and user namespace. */
MUST_CHECK int program_yield(struct program *program, const struct identity *identity,
                             int channel_fd, struct failure *failure);

/* Gives up privileges and executes. Descriptors 0 to 2 are in place, the root directory is the
 * container's. channel_fd hears CHANNEL_EXEC before execve. Returns only on failure. */
int program_run(struct program *program, const struct identity *identity, int channel_fd,
                struct failure *failure);

/* All handlers back to the default; signals stay blocked. */
void program_reset_signals(void);

#endif
