/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/build/lint_rule.h"

#include <string.h>

#include "common/text.h"
#include "runtime/build/evaluation.h"
#include "runtime/image/image_platform.h"
#include "runtime/image/image_reference.h"

/* An evaluation in the global scope. */
static struct evaluation evaluation_init(const struct lint *lint, const struct scope *globals)
{
    return (struct evaluation){.arena = lint->arena,
                               .diagnostics = lint->diagnostics,
                               .escape = lint->dockerfile->directives.escape,
                               .arguments = lint->options->arguments,
                               .scope = scope_copy(globals)};
}

static void report_undefined(const struct lint *lint, const struct evaluation *evaluation,
                             struct position at)
{
    for (size_t i = 0; i < evaluation->unset.count; i++)
        lint_report(
            lint,
            (struct finding){LINT_UNDEFINED_ARG_IN_FROM, at,
                             lint_near_variable(lint, lint->globals, evaluation->unset.items[i])},
            "FROM argument '%s' is not declared", evaluation->unset.items[i]);
}

/* The stage's name may say which platform it is for; then that is meant. */
static bool tells_platform(const struct stage *stage, const struct image_platform *platform)
{
    return stage->name &&
           (strstr(stage->name, platform->os) || strstr(stage->name, platform->architecture));
}

/* The platform that the stage is for: its own, else the target's. */
static const char *wanted_platform(const struct lint *lint, const struct stage *stage)
{
    const struct flag *flag = instruction_flag(stage->from, FLAG_PLATFORM);
    struct evaluation evaluation = evaluation_init(lint, lint->globals);

    return flag ? evaluation_word(&evaluation, &flag->value, "FROM")
                : scope_find(lint->globals, "TARGETPLATFORM")->value;
}

/* A registry, or an earlier pull, may have had the image for another one only. */
static void check_base_platform(const struct lint *lint, const struct stage *stage,
                                const char *reference)
{
    const struct word *word = &stage->from->words.items[0];
    const struct lint_base *base = lint_base_of(lint, reference);
    const char *wanted = base && base->platform.os ? wanted_platform(lint, stage) : NULL;
    struct image_platform platform;

    if (wanted && !dockerfile_stage_named(lint->dockerfile, reference, stage->index) &&
        image_platform_parse(wanted, lint->arena, &platform, NULL) == 0 &&
        image_platform_match(&platform, &base->platform) == 0)
        lint_report(lint, (struct finding){LINT_INVALID_BASE_IMAGE_PLATFORM, word->at},
                    "Base image %s was pulled with platform \"%s\", expected \"%s\" for current "
                    "build",
                    reference, image_platform_format(&base->platform, lint->arena),
                    image_platform_format(&platform, lint->arena));
}

static void check_platform(const struct lint *lint, const struct stage *stage)
{
    const struct flag *flag = instruction_flag(stage->from, FLAG_PLATFORM);
    struct evaluation evaluation = evaluation_init(lint, lint->globals);
    struct image_platform platform;
    const char *value;

    if (!flag || !(value = evaluation_word(&evaluation, &flag->value, "FROM")))
        return;
    report_undefined(lint, &evaluation, flag->value.at);
    if (evaluation.used.count == 1 && evaluation.unset.count == 0 &&
        strcmp(evaluation.used.items[0], "TARGETPLATFORM") == 0 &&
        string_eq(value, scope_find(lint->globals, "TARGETPLATFORM")->value))
        lint_report(lint, (struct finding){LINT_REDUNDANT_TARGET_PLATFORM, flag->value.at},
                    "Setting platform to predefined %s in FROM is redundant as this is the default "
                    "behavior",
                    flag->value.text);
    if (!strchr(flag->value.text, '$') &&
        image_platform_parse(value, lint->arena, &platform, NULL) == 0 &&
        !tells_platform(stage, &platform))
        lint_report(lint,
                    (struct finding){LINT_FROM_PLATFORM_FLAG_CONST_DISALLOWED, flag->value.at},
                    "FROM --platform flag should not use constant value \"%s\"", value);
}

static void check_base(const struct lint *lint, const struct stage *stage)
{
    const struct word *base = &stage->from->words.items[0];
    struct evaluation evaluation = evaluation_init(lint, lint->globals);
    const char *reference = evaluation_word(&evaluation, base, "FROM");

    if (!reference)
        return;
    report_undefined(lint, &evaluation, base->at);
    check_base_platform(lint, stage, reference);
}

/* Without any build arguments each base has to be an image, too. */
static void check_defaults(const struct lint *lint)
{
    scoped(diagnostics_free) struct diagnostics *unheard = diagnostics_new();
    const struct build_arguments none = {.target = lint->options->arguments->target,
                                         .platform = lint->options->arguments->platform,
                                         .build_platform =
                                             lint->options->arguments->build_platform};
    struct scope *globals;
    struct evaluation evaluation;

    if (build_arguments_scope(&none, lint->dockerfile, lint->arena, unheard, &globals) < 0)
        return;
    evaluation = evaluation_init(lint, globals);
    evaluation.diagnostics = unheard;
    for (size_t i = 0; i < lint->dockerfile->n_stages; i++) {
        const struct word *base = &lint->dockerfile->stages[i].from->words.items[0];
        const char *value = evaluation_word(&evaluation, base, "FROM");
        struct image_reference reference;

        if (!strchr(base->text, '$') || !value ||
            dockerfile_stage_named(lint->dockerfile, value, i) ||
            image_reference_parse(value, lint->arena, &reference, NULL) == 0)
            continue;
        lint_report(lint, (struct finding){LINT_INVALID_DEFAULT_ARG_IN_FROM, base->at},
                    "Default value for ARG %s results in empty or invalid base image name",
                    base->text);
    }
}

void lint_from(const struct lint *lint)
{
    for (size_t i = 0; i < lint->dockerfile->n_stages; i++) {
        check_base(lint, &lint->dockerfile->stages[i]);
        check_platform(lint, &lint->dockerfile->stages[i]);
    }
    check_defaults(lint);
}
