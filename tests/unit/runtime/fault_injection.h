/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lets one system call fail, in a function that runs in a process of its own and in what that
 * process starts.
 *
 * The kernel asks us about each call (seccomp_unotify(2)); all but the chosen one go on. Calls that
 * cannot fail, and those for memory, where we abort, are not asked about. A call is named by which
 * of the processes makes it, in the order in which they come, and by its place among that one's
 * calls: these do not depend on how they are scheduled.
 */
#ifndef YAWL_TESTS_UNIT_RUNTIME_FAULT_INJECTION_H
#define YAWL_TESTS_UNIT_RUNTIME_FAULT_INJECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* The first is the one that runs the function; the others are its children and theirs, up to their
 * programs. What a program starts is left alone. */
enum { FAULT_PROCESSES = 8 };

/* What the function says about itself; shared between the processes. */
struct fault_outcome {
    bool begun, done; /* faults come in between */
    pid_t bystander;  /* a process that was there before; 0 */
    bool succeeded;
    char error[1024];   /* why not */
    char leaks[512];    /* what was left behind; "" */
    char output[16384]; /* of a success: what is the same each time */
};

struct fault_run {
    size_t process; /* FAULT_PROCESSES: nobody's call fails */
    size_t index;
    int number; /* the errno */
    /* What came of it. */
    size_t n_calls[FAULT_PROCESSES]; /* in between, and of others up to their programs */
    long call;                       /* the number of the call that failed, or -1 */
    bool ended;                      /* the process ended by itself, with 0 */
    struct fault_outcome outcome;
};

typedef void fault_function(void *context, struct fault_outcome *outcome);

/* Runs body(context, outcome) in a child of ours. */
void fault_run(struct fault_run *run, fault_function *body, void *context);

/* For the function: faults come from here on, and no more; the error counts unless it succeeded. */
void fault_begin(struct fault_outcome *outcome);
void fault_end(struct fault_outcome *outcome, const char *error);

#endif
