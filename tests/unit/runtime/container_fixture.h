/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Containers for tests: a small image of busybox in a directory of its own, and a way to run a
 * shell script in it and to see what it says.
 *
 * Everything lies below /tmp/yawl-test-PID and the control group yawl/test-PID, and is gone after
 * fixture_sweep(). The test process reaps what its containers leave.
 */
#ifndef YAWL_TESTS_UNIT_RUNTIME_CONTAINER_FIXTURE_H
#define YAWL_TESTS_UNIT_RUNTIME_CONTAINER_FIXTURE_H

#include "runtime/container_options.h"

enum { FIXTURE_ID_BASE = 1000000, FIXTURE_ID_COUNT = 65536 };

struct fixture {
    struct arena *arena;
    char dir[64];               /* /tmp/yawl-test-PID */
    char group[32];             /* yawl/test-PID */
    struct container_spec spec; /* for tests to change; a user namespace is on */
    struct container_options options;
    struct error err;
    int exit_code;      /* of a start that failed */
    int wait_status;    /* of process 1 */
    char output[65536]; /* standard output and error of the last run */
};

/* Skips the test, with a reason, where it cannot run. */
struct fixture *fixture_open(void);
void fixture_close(struct fixture *take_fixture);

/* For .fini of a suite: takes down what a test left that did not come to its end. */
void fixture_sweep(void);

/* A path below the fixture's directory; in its arena. */
char *fixture_path(struct fixture *fixture, const char *name);
/* Writes a file below the fixture's directory ("layer/etc/passwd"), with its parents. */
void fixture_write(struct fixture *fixture, const char *name, const char *text, unsigned mode);
/* Copies a program of the host there. */
void fixture_copy(struct fixture *fixture, const char *source, const char *name, unsigned mode);
struct string_list fixture_list(struct fixture *fixture, const char *const *items);

/* Sets `sh -c script` as the program. */
void fixture_script(struct fixture *fixture, const char *script);

/* Creates, starts and waits for the report; NULL when that failed (err and exit_code are filled).
 */
struct container *fixture_start(struct fixture *fixture);
/* Waits for process 1 to end and reads what it said. Takes the container. */
const char *fixture_finish(struct fixture *fixture, struct container *take_container);
/* Both, for a script; asserts that it ran. Trailing white space is cut off the output. */
const char *fixture_run(struct fixture *fixture, const char *script);
/* Starts and expects it to fail; returns the text of the error. */
const char *fixture_fail(struct fixture *fixture);

/* Runs a script by exec in a running container; returns its wait status, or -1 - exit_code. */
int fixture_exec(struct fixture *fixture, struct container *container, struct exec_spec *exec);

#endif
