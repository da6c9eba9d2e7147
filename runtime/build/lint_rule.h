/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules of `build --check` by name, and what those that look for breaches share.
 */
#ifndef YAWL_RUNTIME_BUILD_LINT_RULE_H
#define YAWL_RUNTIME_BUILD_LINT_RULE_H

#include "runtime/build/lint.h"

enum lint_rule {
    LINT_CONSISTENT_INSTRUCTION_CASING,
    LINT_COPY_IGNORED_FILE,
    LINT_DUPLICATE_STAGE_NAME,
    LINT_EXPOSE_INVALID_FORMAT,
    LINT_EXPOSE_PROTO_CASING,
    LINT_FROM_AS_CASING,
    LINT_FROM_PLATFORM_FLAG_CONST_DISALLOWED,
    LINT_INVALID_BASE_IMAGE_PLATFORM,
    LINT_INVALID_DEFAULT_ARG_IN_FROM,
    LINT_INVALID_DEFINITION_DESCRIPTION,
    LINT_JSON_ARGS_RECOMMENDED,
    LINT_LEGACY_KEY_VALUE_FORMAT,
    LINT_MAINTAINER_DEPRECATED,
    LINT_MULTIPLE_INSTRUCTIONS_DISALLOWED,
    LINT_NO_EMPTY_CONTINUATION,
    LINT_REDUNDANT_TARGET_PLATFORM,
    LINT_RESERVED_STAGE_NAME,
    LINT_SECRETS_USED_IN_ARG_OR_ENV,
    LINT_STAGE_NAME_CASING,
    LINT_UNDEFINED_ARG_IN_FROM,
    LINT_UNDEFINED_VAR,
    LINT_WORKDIR_RELATIVE_PATH,
    N_LINT_RULES,
};

struct lint {
    const struct dockerfile *dockerfile;
    const struct lint_options *options;
    struct arena *arena;
    struct diagnostics *diagnostics;
    const struct scope *globals; /* not for lint_look() */
    bool enabled[N_LINT_RULES];
    bool as_error;
};

struct finding {
    enum lint_rule rule;
    struct position at;
    const char *meant; /* what was probably meant, or NULL */
};

/* Adds it, if its rule is enabled. */
void lint_report(const struct lint *lint, struct finding finding, const char *format, ...)
    PRINTF_LIKE(3, 4);

/* What is known about the image that FROM names so, or NULL. */
const struct lint_base *lint_base_of(const struct lint *lint, const char *reference);

/* The name of a variable in the scope that is near to the one given, or NULL. */
const char *lint_near_variable(const struct lint *lint, const struct scope *scope,
                               const char *name);

/* What a file looks like: names, spellings, old forms. */
void lint_look(const struct lint *lint);

/* The bases and platforms of stages. */
void lint_from(const struct lint *lint);

/* What the instructions of stages say when variables have values. */
void lint_stages(const struct lint *lint);

#endif
