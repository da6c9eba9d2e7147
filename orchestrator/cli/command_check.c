/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `check`: all that can be said about the files. Exit code 0: nothing, 1: warnings, 2: errors.
 */
#include <stdlib.h>
#include <unistd.h>

#include "common/diagnostics.h"
#include "common/fd.h"
#include "common/log.h"
#include "orchestrator/cli/check_report.h"
#include "orchestrator/cli/command.h"

enum { EXIT_WARNINGS = 1, EXIT_ERRORS = 2 };

static int check_load(struct session *session, struct string_list services,
                      struct diagnostics *diagnostics)
{
    scoped(compose_free) struct compose *compose = NULL;
    struct compose_options options = session->compose;

    options.services = services;
    if (services.count == 0 && options.profiles.count == 0)
        string_list_add(session->arena, &options.profiles, "*");
    if (compose_load(&options, diagnostics, &compose) < 0)
        return -1;
    compose_report_advice(compose, diagnostics);
    compose_report_support(compose, diagnostics);
    return 0;
}

static int check_print(const char *format, const struct diagnostics *diagnostics, struct error *err)
{
    scoped_text struct text out = {0};

    if (string_eq(format, "json"))
        check_report_json(diagnostics, &out);
    else if (string_eq(format, "sarif"))
        check_report_sarif(diagnostics, &out);
    else
        diagnostics_print(diagnostics, &out);
    if (fd_write_all(STDOUT_FILENO, text_get(&out), out.length) < 0)
        return error_sys(err, "write 'standard output'");
    return 0;
}

static int check_run(struct session *session, struct error *err)
{
    scoped(diagnostics_free) struct diagnostics *diagnostics = diagnostics_new();
    const char *format = "text";
    const struct option_row rows[] = {
        {0, "format", OPTION_STRING, &format, "FORMAT", "text, json or sarif"},
        {0, NULL, OPTION_END, NULL, NULL, NULL},
    };
    struct string_list services = {0};
    int result = session_options(session, rows, false, &services, err);

    if (result != 0)
        return result < 0 ? -1 : 0;
    if (!string_eq(format, "text") && !string_eq(format, "json") && !string_eq(format, "sarif"))
        return error_set(err, "unknown format '%s': text, json or sarif", format);
    result = check_load(session, services, diagnostics);
    if (check_print(format, diagnostics, err) < 0)
        return -1;
    if (result < 0 || diagnostics_count(diagnostics, SEVERITY_ERROR) > 0)
        return EXIT_ERRORS;
    return diagnostics_count(diagnostics, SEVERITY_WARNING) > 0 ? EXIT_WARNINGS : 0;
}

/* A check that could not be made must not look like one that found warnings. */
int command_check(struct session *session, struct error *err)
{
    int result = check_run(session, err);

    if (result >= 0)
        return result;
    log_error("%s", err->text);
    return EXIT_ERRORS;
}
