/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/build/lint.h"

#include <string.h>
#include <strings.h>

#include "common/text.h"
#include "runtime/build/lint_rule.h"
#include "runtime/build/suggestion.h"

static const char *const rule_names[N_LINT_RULES] = {
    [LINT_CONSISTENT_INSTRUCTION_CASING] = "ConsistentInstructionCasing",
    [LINT_COPY_IGNORED_FILE] = "CopyIgnoredFile",
    [LINT_DUPLICATE_STAGE_NAME] = "DuplicateStageName",
    [LINT_EXPOSE_INVALID_FORMAT] = "ExposeInvalidFormat",
    [LINT_EXPOSE_PROTO_CASING] = "ExposeProtoCasing",
    [LINT_FROM_AS_CASING] = "FromAsCasing",
    [LINT_FROM_PLATFORM_FLAG_CONST_DISALLOWED] = "FromPlatformFlagConstDisallowed",
    [LINT_INVALID_BASE_IMAGE_PLATFORM] = "InvalidBaseImagePlatform",
    [LINT_INVALID_DEFAULT_ARG_IN_FROM] = "InvalidDefaultArgInFrom",
    [LINT_INVALID_DEFINITION_DESCRIPTION] = "InvalidDefinitionDescription",
    [LINT_JSON_ARGS_RECOMMENDED] = "JSONArgsRecommended",
    [LINT_LEGACY_KEY_VALUE_FORMAT] = "LegacyKeyValueFormat",
    [LINT_MAINTAINER_DEPRECATED] = "MaintainerDeprecated",
    [LINT_MULTIPLE_INSTRUCTIONS_DISALLOWED] = "MultipleInstructionsDisallowed",
    [LINT_NO_EMPTY_CONTINUATION] = "NoEmptyContinuation",
    [LINT_REDUNDANT_TARGET_PLATFORM] = "RedundantTargetPlatform",
    [LINT_RESERVED_STAGE_NAME] = "ReservedStageName",
    [LINT_SECRETS_USED_IN_ARG_OR_ENV] = "SecretsUsedInArgOrEnv",
    [LINT_STAGE_NAME_CASING] = "StageNameCasing",
    [LINT_UNDEFINED_ARG_IN_FROM] = "UndefinedArgInFrom",
    [LINT_UNDEFINED_VAR] = "UndefinedVar",
    [LINT_WORKDIR_RELATIVE_PATH] = "WorkdirRelativePath",
};

/* These wait to be asked for. */
static bool is_experimental(enum lint_rule rule)
{
    return rule == LINT_COPY_IGNORED_FILE || rule == LINT_INVALID_DEFINITION_DESCRIPTION;
}

void lint_report(const struct lint *lint, struct finding finding, const char *format, ...)
{
    scoped_text struct text message = {0}, hint = {0};
    struct diagnostic entry = {.severity = lint->as_error ? SEVERITY_ERROR : SEVERITY_WARNING,
                               .at = finding.at,
                               .path = rule_names[finding.rule]};
    va_list args;

    if (!lint->enabled[finding.rule])
        return;
    va_start(args, format);
    text_vappendf(&message, format, args);
    va_end(args);
    if (finding.meant)
        text_appendf(&hint, "did you mean %s?", finding.meant);
    entry.message = text_get(&message);
    entry.hint = finding.meant ? text_get(&hint) : NULL;
    diagnostics_add(lint->diagnostics, &entry);
}

const struct lint_base *lint_base_of(const struct lint *lint, const char *reference)
{
    for (size_t i = 0; i < lint->options->n_bases; i++)
        if (string_eq(lint->options->bases[i].reference, reference))
            return &lint->options->bases[i];
    return NULL;
}

const char *lint_near_variable(const struct lint *lint, const struct scope *scope, const char *name)
{
    const char **names = arena_new_array(lint->arena, const char *, scope->count);

    for (size_t i = 0; i < scope->count; i++)
        names[i] = scope->items[i].name;
    return string_suggest(name, names, scope->count);
}

/* It may be a rule that others know. */
static void add_unknown(const struct lint *lint, const struct word *setting, const char *name)
{
    struct suggestion suggestion = {name, rule_names, N_LINT_RULES, NULL, SEVERITY_WARNING};

    suggestion_add(&suggestion, lint->diagnostics, setting->at, "check", "unknown rule");
}

/* A list of rules: "all", or names with commas between. */
static void choose(struct lint *lint, const struct word *setting, char *list, bool experimental)
{
    bool all = strcmp(list, "all") == 0;

    for (size_t i = 0; all && i < N_LINT_RULES; i++) {
        if (is_experimental((enum lint_rule)i) == experimental)
            lint->enabled[i] = experimental;
    }
    while (!all && list) {
        char *name = strsep(&list, ",");
        size_t rule = 0;

        name += strspn(name, " \t");
        name[strcspn(name, " \t")] = '\0';
        while (rule < N_LINT_RULES && strcasecmp(name, rule_names[rule]) != 0)
            rule++;
        if (rule == N_LINT_RULES)
            add_unknown(lint, setting, name);
        else if (is_experimental((enum lint_rule)rule) == experimental)
            lint->enabled[rule] = experimental;
    }
}

static void read_option(struct lint *lint, const struct word *setting, char *option)
{
    char *value = strchr(option, '=');

    if (value)
        *value++ = '\0';
    option += strspn(option, " \t");
    if (value && strcmp(option, "skip") == 0)
        choose(lint, setting, value, false);
    else if (value && strcmp(option, "experimental") == 0)
        choose(lint, setting, value, true);
    else if (value && strcmp(option, "error") == 0 &&
             (strcasecmp(value, "true") == 0 || strcasecmp(value, "false") == 0))
        lint->as_error = strcasecmp(value, "true") == 0;
    else
        diagnostics_error(lint->diagnostics, setting->at, "check",
                          "'%s' is none of skip=..., experimental=... and error=true", option);
}

static void read_settings(struct lint *lint)
{
    struct word setting = lint->dockerfile->directives.check;
    const char *given = build_arguments_get(lint->options->arguments, "BUILDKIT_DOCKERFILE_CHECK");
    char *options;

    for (size_t i = 0; i < N_LINT_RULES; i++)
        lint->enabled[i] = !is_experimental((enum lint_rule)i);
    if (given)
        setting = (struct word){given, {lint->dockerfile->file, 0, 0}};
    options = arena_strdup(lint->arena, setting.text);
    while (options)
        read_option(lint, &setting, strsep(&options, ";"));
}

void dockerfile_lint(const struct dockerfile *dockerfile, const struct lint_options *options,
                     struct arena *arena, struct diagnostics *diagnostics)
{
    struct lint lint = {
        .dockerfile = dockerfile, .options = options, .arena = arena, .diagnostics = diagnostics};
    struct scope *globals;

    read_settings(&lint);
    lint_look(&lint);
    if (build_arguments_scope(options->arguments, dockerfile, arena, diagnostics, &globals) < 0)
        return;
    lint.globals = globals;
    lint_from(&lint);
    lint_stages(&lint);
}
