/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `logging`: the options of json-file and local that say how much is kept. Output of the other
 * drivers is kept in files as well (the user was told), except with "none".
 */
#include "common/units.h"
#include "orchestrator/plan/plan_build.h"

enum { MAX_FILES = 1000 };

static void logging_error(struct plan_build *build, const struct pair *option, const char *text)
{
    scoped_text struct text key = {0};

    text_appendf(&key, "logging.options.%s", option->name);
    plan_build_error(build, option->at, text_get(&key), "'%s' %s", option->value, text);
}

/* -1 is without limit, as with json-file. */
static void logging_size(struct plan_build *build, const struct pair *option)
{
    int64_t bytes;

    if (!bytes_parse(option->value, &bytes) || bytes == 0 || bytes < -1)
        logging_error(build, option, "is no size: give 10m, 500k, or -1 for no limit");
    else
        build->instance->log_max_bytes = bytes;
}

static void logging_files(struct plan_build *build, const struct pair *option)
{
    unsigned long long number;

    if (!string_to_u64(option->value, MAX_FILES, &number) || number == 0)
        logging_error(build, option, "is no number of files from 1 to 1000");
    else
        build->instance->log_max_files = (int64_t)number;
}

void plan_build_logging(struct plan_build *build)
{
    const struct pair_list *options = &build->service->logging_options;

    build->instance->log_discard = string_eq(build->service->logging_driver, "none");
    for (size_t i = 0; i < options->count; i++) {
        const struct pair *option = &options->items[i];

        if (option->value && string_eq(option->name, "max-size"))
            logging_size(build, option);
        if (option->value && string_eq(option->name, "max-file"))
            logging_files(build, option);
    }
}
