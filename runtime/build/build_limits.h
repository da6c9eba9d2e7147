/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bounds on what a Dockerfile may ask of its reader. Each is far above what people write (the
 * largest public Dockerfiles have some 2,000 lines) and low enough that a hostile one fails early.
 */
#ifndef YAWL_RUNTIME_BUILD_BUILD_LIMITS_H
#define YAWL_RUNTIME_BUILD_BUILD_LIMITS_H

enum {
    LIMIT_DOCKERFILE_BYTES = 2 * 1024 * 1024, /* one file */
    LIMIT_DOCKERFILE_INSTRUCTIONS = 10000,    /* of one file */
    LIMIT_DOCKERFILE_STAGES = 1000,           /* of one file */
    LIMIT_INSTRUCTION_WORDS = 10000,          /* arguments or pairs of one instruction */
    LIMIT_INSTRUCTION_FLAGS = 200,            /* of one instruction */
    LIMIT_INSTRUCTION_HEREDOCS = 100,         /* of one instruction */
    LIMIT_EXPANSION_BYTES = 128 * 1024,       /* one word; more fits into no environment */
    LIMIT_EXPANSION_WORK = 32 * 1024 * 1024,  /* pattern times value, of one word */
    LIMIT_EXPANSION_DEPTH = 64,               /* ${a:-${b:-...}} */
    LIMIT_PATTERN_CHARS = 1024,               /* the pattern of ${name#pattern} */
    LIMIT_GLOB_BYTES = 1024,                  /* a pattern of COPY or of an ignore file */
    LIMIT_IGNORE_BYTES = 256 * 1024,          /* an ignore file */
    LIMIT_IGNORE_PATTERNS = 4096,             /* of one ignore file */
    LIMIT_NOTED_NAMES = 256,                  /* variables of one instruction that are remembered */
    LIMIT_SCOPE_VARIABLES = 4096,             /* of one stage */
    LIMIT_SCOPE_BYTES = 16 * 1024 * 1024,     /* all values that one reading of a file sets */
};

#endif
