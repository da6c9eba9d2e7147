/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lets one system call fail, in a function that runs in a process of its own and in what that
 * process starts.
 *
 * The kernel asks us about each call (seccomp_unotify(2)); all but the chosen one go on. Calls that
 * cannot fail, and those for memory, where we abort, are not asked about. A call is named by who
 * makes it, the process itself or who comes after it, and by its place among that one's calls:
 * these do not depend on how they are scheduled.
 */
#ifndef YAWL_TESTS_UNIT_RUNTIME_FAULT_INJECTION_H
#define YAWL_TESTS_UNIT_RUNTIME_FAULT_INJECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum fault_role { FAULT_STARTER, FAULT_CHILD, FAULT_GRANDCHILD, FAULT_ROLES };

/* What the function says about itself; shared between the processes. */
struct fault_outcome {
    bool begun, done; /* faults come in between */
    pid_t bystander;  /* a process that was there before; 0 */
    bool started;
    char error[1024]; /* why not */
    char leaks[512];  /* what was left behind; "" */
};

struct fault_run {
    enum fault_role role; /* FAULT_ROLES: nobody's call fails */
    size_t index;
    int number; /* the errno */
    /* What came of it. */
    size_t n_calls[FAULT_ROLES]; /* in between, and of others up to their programs */
    long call;                   /* the number of the call that failed, or -1 */
    bool ended;                  /* the process ended by itself, with 0 */
    struct fault_outcome outcome;
};

typedef void fault_function(void *context, struct fault_outcome *outcome);

/* Runs body(context, outcome) in a child of ours. */
void fault_run(struct fault_run *run, fault_function *body, void *context);

#endif
