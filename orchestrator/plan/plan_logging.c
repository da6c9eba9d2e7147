/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `logging`: the options of json-file and local that say how much is kept. Output of the other
 * drivers is kept in files as well (the user was told), except with "none".
 */
#include "common/units.h"
#include "orchestrator/plan/plan_build.h"

enum { MAX_FILES = 1000 };

/* -1 is without limit, as with json-file. */
static bool size_parse(const char *text, int64_t *ret_bytes)
{
    return bytes_parse(text, ret_bytes) && *ret_bytes != 0 && *ret_bytes >= -1;
}

static bool files_parse(const char *text, unsigned long long *ret_number)
{
    return string_to_u64(text, MAX_FILES, ret_number) && *ret_number > 0;
}

static bool buffer_parse(const char *text, int64_t *ret_bytes)
{
    return bytes_parse(text, ret_bytes) && *ret_bytes > 0;
}

void plan_build_logging(struct plan_build *build)
{
    const struct pair_list *options = &build->service->logging_options;
    struct plan_instance *instance = build->instance;

    instance->log_discard = string_eq(build->service->logging_driver, "none");
    for (size_t i = 0; i < options->count; i++) {
        const struct pair *option = &options->items[i];
        unsigned long long number;
        int64_t bytes;

        if (!option->value)
            continue;
        if (string_eq(option->name, "max-size") && size_parse(option->value, &bytes))
            instance->log_max_bytes = bytes;
        else if (string_eq(option->name, "max-file") && files_parse(option->value, &number))
            instance->log_max_files = (int64_t)number;
        else if (string_eq(option->name, "max-buffer-size") && buffer_parse(option->value, &bytes))
            instance->log_buffer_bytes = bytes;
    }
}

/* -- what is wrong with them, or without effect */

static void option_error(struct plan_build *build, const struct pair *option, const char *text)
{
    scoped_text struct text key = {0};

    text_appendf(&key, "logging.options.%s", option->name);
    plan_build_error(build, option->at, text_get(&key), "'%s' %s", option->value, text);
}

static void option_warn(struct plan_build *build, const struct pair *option, const char *text)
{
    scoped_text struct text path = {0};

    text_appendf(&path, "services.%s.logging.options.%s", build->service->name, option->name);
    diagnostics_warning(build->diagnostics, option->at, text_get(&path), "%s", text);
}

/* Of both drivers whose files ours stand in for. */
static const struct {
    const char *name;
    const char *plain; /* a value that asks for nothing else than what is done, or NULL */
    const char *reason;
} inert[] = {
    {"mode", "blocking", "no effect: output is never dropped while there is room for it"},
    {"compress", "false", "no effect: older files are kept as they are"},
    {"tag", NULL, "no effect: lines are told with their service and container"},
    {"labels", NULL, "no effect: labels are not written beside each line"},
    {"labels-regex", NULL, "no effect: labels are not written beside each line"},
    {"env", NULL, "no effect: variables are not written beside each line"},
    {"env-regex", NULL, "no effect: variables are not written beside each line"},
};

static void option_look(struct plan_build *build, const struct pair *option)
{
    for (size_t i = 0; i < ARRAY_LENGTH(inert); i++)
        if (string_eq(inert[i].name, option->name)) {
            if (!string_eq(inert[i].plain, option->value))
                option_warn(build, option, inert[i].reason);
            return;
        }
    option_warn(build, option, "no effect: there is no such option");
}

static void option_check(struct plan_build *build, const struct pair *option)
{
    unsigned long long number;
    int64_t bytes;

    if (string_eq(option->name, "mode") && !string_eq(option->value, "blocking") &&
        !string_eq(option->value, "non-blocking"))
        option_error(build, option, "is no mode: there are blocking and non-blocking");
    else if (string_eq(option->name, "max-size")) {
        if (!size_parse(option->value, &bytes))
            option_error(build, option, "is no size: give 10m, 500k, or -1 for no limit");
    } else if (string_eq(option->name, "max-file")) {
        if (!files_parse(option->value, &number))
            option_error(build, option, "is no number of files from 1 to 1000");
    } else if (string_eq(option->name, "max-buffer-size")) {
        if (!buffer_parse(option->value, &bytes))
            option_error(build, option, "is no size: give 1m or 500k");
    } else {
        option_look(build, option);
    }
}

void plan_check_logging(struct plan_build *build)
{
    const struct pair_list *options = &build->service->logging_options;
    const char *driver = build->service->logging_driver;

    /* Options of a driver that there is not were told of with it. */
    if (driver && *driver && !string_eq(driver, "json-file") && !string_eq(driver, "local"))
        return;
    for (size_t i = 0; i < options->count; i++)
        if (options->items[i].value)
            option_check(build, &options->items[i]);
}
