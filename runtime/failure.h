/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why a cloned child could not go on: the counterpart of struct error between clone3() and
 * execve(), where nothing may allocate or format. The starter turns it into an error.
 */
#ifndef YAWL_RUNTIME_FAILURE_H
#define YAWL_RUNTIME_FAILURE_H

#include "common/error.h"

enum { EXIT_CODE_OURS = 125, EXIT_CODE_CANNOT_RUN = 126, EXIT_CODE_NOT_FOUND = 127 };

struct failure {
    int number;    /* errno, or 0 */
    int exit_code; /* EXIT_CODE_... */
    char text[512];
};

/* "verb 'name'" (only the verb when name is NULL) and errno. Returns -1. */
int failure_sys(struct failure *failure, const char *verb, const char *name);

/* "verb 'name': reason". Returns -1. */
int failure_set(struct failure *failure, const char *verb, const char *name, const char *reason);

/* More of the reason. */
void failure_add(struct failure *failure, const char *more);
void failure_add_number(struct failure *failure, unsigned long long number);

/* The failure in words. Returns -1. */
int failure_to_error(const struct failure *failure, struct error *err);

#endif
