/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs cases that are directories: PROGRAM DIRECTORY [PATTERN...] runs DIRECTORY/KIND/CASE for each
 * kind, those alone whose name matches a pattern, and reports in TAP.
 */
#ifndef YAWL_TESTS_UNIT_FIXTURE_RUNNER_H
#define YAWL_TESTS_UNIT_FIXTURE_RUNNER_H

#include <stdbool.h>
#include <stddef.h>

struct fixture_runner {
    const char *const *kinds; /* names of directories */
    size_t n_kinds;
    /* Whether the case is as it should be; otherwise it has printed how it is, in lines with '#'.
     */
    bool (*run)(const char *directory, size_t kind);
};

/* The exit status of the program: a run without any case is a failure, too. */
int fixture_runner_main(const struct fixture_runner *runner, int argc, char **argv);

#endif
