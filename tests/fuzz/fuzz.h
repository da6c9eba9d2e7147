/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What fuzz targets share. A target defines LLVMFuzzerTestOneInput(); it runs under libFuzzer, and
 * over its corpus in every test run (fuzz_replay.c).
 */
#ifndef YAWL_TESTS_FUZZ_FUZZ_H
#define YAWL_TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A property that must hold for every input; unlike assert() it is never compiled away. */
#define fuzz_require(condition)                                                                    \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            (void)fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition);        \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

#endif
