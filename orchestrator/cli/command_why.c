/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `why SERVICE`: reads the records alone, so that it also tells of a project that nobody
 * supervises.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/fd_message.h"
#include "common/json.h"
#include "common/process.h"
#include "orchestrator/cli/command.h"
#include "orchestrator/cli/project_plan.h"
#include "orchestrator/cli/why.h"

struct why_command {
    struct session *session;
    const char *service, *index;
    bool json;
    int number; /* which replica; 0: all */
    const char *project;
    struct roots roots;
    struct project_dir *dir;
    struct record **records;
    size_t n_records;
    bool unattended;
    struct compose *compose; /* NULL: the files have errors, or there are none */
    const struct plan *plan; /* NULL: the same */
};

static int records_read(struct why_command *command, struct error *err)
{
    scoped_fd int records_fd = -1, control_fd = -1;

    if (session_project_dir(command->session, &command->project, &command->roots, &command->dir,
                            err) < 0)
        return -1;
    if (!command->dir)
        return 0;
    records_fd = record_dir_open(command->dir);
    if (records_fd < 0)
        return 0;
    if (fd_message_connect(command->dir->run_fd, "control.sock", &control_fd, err) < 0)
        return -1;
    command->unattended = control_fd < 0;
    return record_list(records_fd, command->session->arena, &command->records, &command->n_records,
                       err);
}

static bool file_has_service(const struct why_command *command)
{
    return command->compose &&
           project_find_service(compose_project(command->compose), command->service);
}

/* What the files ask of the service now, when that can be carried out. */
static void plan_read(struct why_command *command)
{
    scoped(diagnostics_free) struct diagnostics *diagnostics = diagnostics_new();
    const struct project_plan_options options = {.dry = true, .diagnostics = diagnostics};
    struct session alone = *command->session;
    scoped(compose_free) struct compose *compose = NULL;
    struct plan *plan = NULL;
    struct error err = {0};

    if (session_load_all(command->session, &command->compose, &err) < 0 ||
        !file_has_service(command) || command->n_records == 0)
        return;
    /* The others need not be possible. */
    alone.compose.services = (struct string_list){0};
    string_list_add(alone.arena, &alone.compose.services, command->service);
    if (session_load_all(&alone, &compose, &err) == 0 &&
        project_plan(&alone, compose, &command->roots, &options, &plan, &err) == 0)
        command->plan = plan;
}

/* One place for what is pending of the configuration. */
static const char *configuration_words(const struct why_command *command,
                                       const struct record *record)
{
    const struct plan_instance *wanted;

    if (command->compose && !file_has_service(command))
        return "the Compose file does not have this service";
    if (!command->plan)
        return "not compared: the Compose file cannot be carried out now";
    wanted = plan_find_instance(command->plan, record->name);
    if (!wanted)
        return "the Compose file does not ask for this container";
    if (!string_eq(wanted->config_hash, record->config_hash))
        return "changed since it was started (yawl plan shows how)";
    return "as in the Compose file";
}

static void page_print(const struct why_command *command, const struct record *record)
{
    const struct why why = {
        .service = command->service,
        .record = record,
        .records = (const struct record *const *)command->records,
        .n_records = command->n_records,
        .unattended = record && command->unattended,
        .configuration = record ? configuration_words(command, record) : NULL,
        .now_ns = clock_realtime_ns(),
    };
    scoped_text struct text out = {0};
    scoped(json_release) json_t *json = NULL;

    if (command->json) {
        json = why_json(&why);
        json_format(json, &out);
        text_append_char(&out, '\n');
    } else {
        why_text(&why, &out);
    }
    (void)!fd_write_all(STDOUT_FILENO, out.data, out.length);
}

static bool is_asked_for(const struct why_command *command, const struct record *record)
{
    return string_eq(record->service, command->service) && !record->oneoff && !record->hook &&
           (command->number == 0 || record->number == command->number);
}

/* Nothing of it exists: it may be in the file. */
static int never_created(const struct why_command *command, struct error *err)
{
    if (file_has_service(command)) {
        page_print(command, NULL);
        return 0;
    }
    if (!command->compose)
        return error_set(err, "service '%s' has no container", command->service);
    return error_set(err, "no such service: %s", command->service);
}

static int why_run(struct why_command *command, struct error *err)
{
    bool any = false;

    if (records_read(command, err) < 0)
        return -1;
    plan_read(command);
    for (size_t i = 0; i < command->n_records; i++) {
        if (!is_asked_for(command, command->records[i]))
            continue;
        page_print(command, command->records[i]);
        any = true;
    }
    return any ? 0 : never_created(command, err);
}

int command_why(struct session *session, struct error *err)
{
    struct why_command command = {.session = session};
    struct string_list operands = {0};
    unsigned long long number = 0;
    const struct option_row rows[] = {
        {0, "index", OPTION_STRING, &command.index, "NUMBER", "which container of the service"},
        {0, "json", OPTION_FLAG, &command.json, NULL, "an object a line for each container"},
        {0, NULL, OPTION_END, NULL, NULL, NULL},
    };
    int result = session_options(session, rows, false, &operands, err);

    if (result != 0)
        return result < 0 ? -1 : 0;
    if (operands.count != 1)
        return error_set(err, "requires 1 argument: a service");
    if (command.index && (!string_to_u64(command.index, INT_MAX, &number) || number == 0))
        return error_set(err, "--index: '%s' is no number of a container", command.index);
    command.service = operands.items[0];
    command.number = (int)number;
    result = why_run(&command, err);
    compose_free(command.compose);
    project_dir_close(command.dir);
    return result;
}
