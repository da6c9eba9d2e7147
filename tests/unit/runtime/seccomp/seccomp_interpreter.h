/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a seccomp filter as the kernel would, on calls that are only described.
 */
#ifndef YAWL_TESTS_UNIT_RUNTIME_SECCOMP_SECCOMP_INTERPRETER_H
#define YAWL_TESTS_UNIT_RUNTIME_SECCOMP_SECCOMP_INTERPRETER_H

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdint.h>

enum { INTERPRETER_BROKEN = 0x00DEAD00 };

/* The SECCOMP_RET_ value; INTERPRETER_BROKEN when the program leaves its bounds or uses an
 * instruction for which the kernel's check at load would have no quick answer. */
uint32_t seccomp_interpret(const struct sock_fprog *program, const struct seccomp_data *data);

/* With the first argument alone. */
uint32_t seccomp_interpret_call(const struct sock_fprog *program, uint32_t arch, uint32_t number,
                                uint64_t argument);

#endif
