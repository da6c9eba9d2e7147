/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commands that change what is wanted of containers that exist: down, stop, start, restart, kill,
 * pause, unpause.
 * They need no Compose file: records decide.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/log.h"
#include "orchestrator/cli/command.h"
#include "orchestrator/cli/down_images.h"
#include "orchestrator/cli/down_networks.h"
#include "orchestrator/cli/follow.h"
#include "orchestrator/cli/volumes.h"
#include "orchestrator/plan/plan_build.h"
#include "orchestrator/state/record_words.h"

struct change {
    const struct request *request;
    const char *project;
    struct roots roots;
    struct project_dir *dir;
    struct progress progress;
    bool wait; /* start: until healthy */
    int64_t timeout_ms;
};

static bool change_names(const struct change *change, const struct record *record)
{
    const struct string_list *services = &change->request->services;

    /* As the supervisor spares them. */
    if (record->oneoff && !string_eq(change->request->command, "kill") &&
        !string_eq(change->request->command, "down"))
        return false;
    for (size_t i = 0; i < services->count; i++)
        if (string_eq(services->items[i], record->service))
            return true;
    return services->count == 0;
}

static bool has_process(const struct record *record)
{
    return record->phase == PHASE_STARTING || record->phase == PHASE_RUNNING ||
           record->phase == PHASE_EXITED;
}

static enum verdict judge_healthy(const struct record *record, struct error *err)
{
    scoped_text struct text words = {0};

    if (record->health == HEALTH_UNHEALTHY || record->crash_loop ||
        (record->phase != PHASE_RUNNING && record_exit_code(record) != 0)) {
        record_trouble_words(record, &words);
        (void)error_set(err, "%s", text_get(&words));
        return VERDICT_FAILED;
    }
    return record->health == HEALTH_STARTING ? VERDICT_WAIT : VERDICT_DONE;
}

static enum verdict judge_paused(const struct record *record, bool paused, struct error *err)
{
    if (record->phase != PHASE_RUNNING || record->paused == paused)
        return VERDICT_DONE;
    if (record->to_pause == paused)
        return VERDICT_WAIT;
    (void)error_set(err, "container %s: %s", record->name, record->message ? record->message : "");
    return VERDICT_FAILED;
}

static enum verdict judge_started(const struct change *change, const struct record *record,
                                  struct error *err)
{
    if (record->phase == PHASE_FAILED || record->blocked) {
        (void)error_set(err, "%s", record->message ? record->message : record->name);
        return VERDICT_FAILED;
    }
    if (record->hook_failed) {
        (void)error_set(err, "container %s: %s", record->name,
                        record->message ? record->message : "");
        return VERDICT_FAILED;
    }
    if (record->pending || record->hooks_pending ||
        (record->phase == PHASE_ABSENT && record->wanted) || record->phase == PHASE_CREATED ||
        record->phase == PHASE_STARTING)
        return VERDICT_WAIT;
    return change->wait ? judge_healthy(record, err) : VERDICT_DONE;
}

static enum verdict judge_record(const struct change *change, const struct record *record,
                                 struct error *err)
{
    const char *command = change->request->command;

    if (string_eq(command, "kill"))
        return VERDICT_DONE;
    if (record->stop_refused) {
        (void)error_set(err, "container %s: %s", record->name,
                        record->message ? record->message : "");
        return VERDICT_FAILED;
    }
    if (string_eq(command, "stop"))
        return has_process(record) ? VERDICT_WAIT : VERDICT_DONE;
    if (string_eq(command, "down"))
        return VERDICT_WAIT; /* until it is gone */
    if (string_eq(command, "pause") || string_eq(command, "unpause"))
        return judge_paused(record, string_eq(command, "pause"), err);
    return judge_started(change, record, err);
}

static enum verdict change_judge(struct follow *follow, void *owner, struct error *err)
{
    const struct change *change = owner;
    enum verdict worst = VERDICT_DONE;

    if (follow_ended(follow))
        return VERDICT_DONE;
    for (size_t i = 0; i < follow_count(follow); i++) {
        const struct record *record = follow_record(follow, i);
        enum verdict verdict;

        if (!change_names(change, record))
            continue;
        verdict = judge_record(change, record, err);
        if (verdict == VERDICT_WAIT)
            return VERDICT_WAIT;
        if (verdict > worst)
            worst = verdict;
    }
    /* The whole project ends with its directories, which is told last. */
    if (string_eq(change->request->command, "down") && change->request->services.count == 0 &&
        worst != VERDICT_FAILED)
        return VERDICT_WAIT;
    return worst;
}

static int change_run(struct change *change, struct error *err)
{
    struct follow_options options = {.project = change->project,
                                     .dir = change->dir,
                                     .progress = &change->progress,
                                     .timeout_ms = change->timeout_ms,
                                     .timeout_text = "application not healthy after",
                                     .judge = change_judge,
                                     .owner = change};
    scoped(follow_free) struct follow *follow = follow_new(&options);
    bool interrupted = false;

    if (follow_run(follow, change->request, &interrupted, err) < 0)
        return -1;
    return interrupted ? EXIT_INTERRUPTED : 0;
}

/* A service that no container belongs to is a mistake of the user's. */
static int services_check(const struct change *change, struct session *session, struct error *err)
{
    scoped_fd int records_fd = record_dir_open(change->dir);
    const struct string_list *services = &change->request->services;
    struct record **records;
    size_t count = 0;

    if (records_fd < 0 || services->count == 0)
        return 0;
    if (record_list(records_fd, session->arena, &records, &count, err) < 0)
        return -1;
    for (size_t i = 0; i < services->count; i++) {
        bool known = false;

        for (size_t j = 0; j < count; j++)
            known = known || string_eq(records[j]->service, services->items[i]);
        if (!known && string_eq(change->request->command, "start"))
            return error_set(err, "service \"%s\" has no container to start", services->items[i]);
        if (!known)
            return error_set(err, "no such service: %s", services->items[i]);
    }
    return 0;
}

static int grace_parse(const char *text, struct request *request, struct error *err)
{
    unsigned long long seconds;

    if (!text)
        return 0;
    if (!string_to_u64(text, 1000000, &seconds))
        return error_set(err, "--timeout: '%s' is no number of seconds", text);
    request->has_grace = true;
    request->grace_ms = (int64_t)seconds * 1000;
    return 0;
}

/* Finds the project. *ret_there is false when nothing of it exists. */
static int change_open(struct session *session, struct change *change, bool *ret_there,
                       struct error *err)
{
    struct progress_mode mode;

    if (session_progress(session, false, &mode, err) < 0)
        return -1;
    change->progress.form = mode.form;
    change->progress.changes_only = true;
    if (session_project_dir(session, &change->project, &change->roots, &change->dir, err) < 0)
        return -1;
    *ret_there = change->dir != NULL;
    return change->dir ? services_check(change, session, err) : 0;
}

static int change_command(struct session *session, struct request *request, const char *nothing,
                          struct error *err)
{
    const struct option_row end = {0, NULL, OPTION_END, NULL, NULL, NULL};
    const struct option_row no_deps = {0,           "no-deps",
                                       OPTION_FLAG, &request->no_deps,
                                       NULL,        "leave those alone that restart with them"};
    const char *grace = NULL;
    const struct option_row rows[] = {
        {'t', "timeout", OPTION_STRING, &grace, "SECONDS", "grace before a kill"},
        string_eq(request->command, "restart") ? no_deps : end,
        end,
    };
    struct change change = {.request = request};
    bool there = false;
    int result = session_options(session, rows, false, &request->services, err);

    if (result != 0)
        return result < 0 ? -1 : 0;
    result = -1;
    if (grace_parse(grace, request, err) == 0 && change_open(session, &change, &there, err) == 0) {
        if (there)
            result = change_run(&change, err);
        else if (nothing)
            result = error_set(err, "%s", nothing);
        else
            result = 0;
    }
    project_dir_close(change.dir);
    return result;
}

int command_stop(struct session *session, struct error *err)
{
    struct request request = {.command = "stop"};

    return change_command(session, &request, NULL, err);
}

int command_start(struct session *session, struct error *err)
{
    struct request request = {.command = "start"};
    struct change change = {.request = &request};
    const char *timeout = NULL;
    const struct option_row rows[] = {
        {0, "wait", OPTION_FLAG, &change.wait, NULL, "wait until all is running or healthy"},
        {0, "wait-timeout", OPTION_STRING, &timeout, "SECONDS", "give up waiting after"},
        {0, NULL, OPTION_END, NULL, NULL, NULL},
    };
    unsigned long long seconds = 0;
    bool there = false;
    int result = session_options(session, rows, false, &request.services, err);

    if (result != 0)
        return result < 0 ? -1 : 0;
    if (timeout && !string_to_u64(timeout, 1000000, &seconds))
        return error_set(err, "--wait-timeout: '%s' is no number of seconds", timeout);
    change.timeout_ms = (int64_t)seconds * 1000;
    result = change_open(session, &change, &there, err);
    if (result == 0)
        result = there ? change_run(&change, err)
                       : error_set(err, "there is no container to start: use 'yawl up'");
    project_dir_close(change.dir);
    return result;
}

/* -- pause, unpause */

/* What is so already is refused, as docker does, before anything is changed. */
static int pause_check(struct session *session, const struct request *request, struct error *err)
{
    bool paused = string_eq(request->command, "pause");
    struct change named = {.request = request};
    struct record **records;
    const char *project;
    size_t count;

    if (session_records(session, &project, &records, &count, err) < 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        if (change_names(&named, records[i]) && records[i]->phase == PHASE_RUNNING &&
            records[i]->paused == paused)
            return error_set(err, "container %s is %s paused", records[i]->name,
                             paused ? "already" : "not");
    return 0;
}

static int pause_command(struct session *session, const char *command, struct error *err)
{
    struct request request = {.command = command};
    struct change change = {.request = &request};
    const struct option_row rows[] = {{0, NULL, OPTION_END, NULL, NULL, NULL}};
    bool there = false;
    int result = session_options(session, rows, false, &request.services, err);

    if (result != 0)
        return result < 0 ? -1 : 0;
    if (pause_check(session, &request, err) < 0)
        return -1;
    result = change_open(session, &change, &there, err);
    if (result == 0 && there)
        result = change_run(&change, err);
    project_dir_close(change.dir);
    return result;
}

int command_pause(struct session *session, struct error *err)
{
    return pause_command(session, "pause", err);
}

int command_unpause(struct session *session, struct error *err)
{
    return pause_command(session, "unpause", err);
}

/* -- kill */

/* The services of the file, when there is one: containers of others are orphans. */
static void services_of_file(struct session *session, struct string_list *services)
{
    scoped(diagnostics_free) struct diagnostics *diagnostics = diagnostics_new();
    scoped(compose_free) struct compose *compose = NULL;
    struct compose_options options = session->compose;
    const struct project *project;

    string_list_add(session->arena, &options.profiles, "*");
    if (compose_load(&options, diagnostics, &compose) < 0)
        return;
    project = compose_project(compose);
    for (size_t i = 0; i < project->n_services; i++)
        string_list_add(session->arena, services,
                        arena_strdup(session->arena, project->services[i].name));
}

/* Whether some container would get the signal. */
static int kill_targets(struct session *session, const struct request *request, bool *ret_any,
                        struct error *err)
{
    struct change named = {.request = request};
    struct record **records;
    const char *project;
    size_t count;

    if (session_records(session, &project, &records, &count, err) < 0)
        return -1;
    *ret_any = false;
    for (size_t i = 0; i < count; i++)
        *ret_any = *ret_any || (change_names(&named, records[i]) && has_process(records[i]));
    return 0;
}

static int kill_run(struct session *session, struct request *request, bool orphans,
                    struct error *err)
{
    struct change change = {.request = request};
    bool there = false, any = false;
    int result = change_open(session, &change, &there, err);

    if (result == 0 && request->services.count == 0 && !orphans)
        services_of_file(session, &request->services);
    if (result == 0)
        result = kill_targets(session, request, &any, err);
    if (result == 0 && !any)
        (void)fprintf(stderr, "no container to kill\n");
    if (result == 0 && any)
        result = change_run(&change, err);
    project_dir_close(change.dir);
    return result;
}

int command_restart(struct session *session, struct error *err)
{
    struct request request = {.command = "restart"};

    return change_command(session, &request, NULL, err);
}

int command_kill(struct session *session, struct error *err)
{
    struct request request = {.command = "kill"};
    const char *name = "SIGKILL";
    bool orphans = false;
    const struct option_row rows[] = {
        {'s', "signal", OPTION_STRING, &name, "SIGNAL", "instead of SIGKILL"},
        {0, "remove-orphans", OPTION_FLAG, &orphans, NULL, "services that the file lacks, too"},
        {0, NULL, OPTION_END, NULL, NULL, NULL},
    };
    int result = session_options(session, rows, false, &request.services, err);

    if (result != 0)
        return result < 0 ? -1 : 0;
    request.signal_number = signal_from_name(name);
    if (request.signal_number == 0)
        return error_set(err, "'%s' is no signal", name);
    return kill_run(session, &request, orphans, err);
}

/* -- down */

static void volume_removed(const char *name, void *context)
{
    progress_line(context, "Volume", name, "Removed");
}

struct down {
    struct change change;
    bool volumes;
    enum down_images which;
};

static int down_run(struct session *session, struct down *down, struct error *err)
{
    struct change *change = &down->change;
    const struct string_list *services = &change->request->services;
    struct string_list images;
    bool there = false;
    int result;

    if (down_images_find(session, down->which, services, &images, err) < 0 ||
        change_open(session, change, &there, err) < 0)
        return -1;
    if (!there && !down->volumes && down->which == DOWN_IMAGES_KEEP)
        log_warning("No resource found to remove for project \"%s\".", change->project);
    result = there ? change_run(change, err) : 0;
    /* Of some services only, volumes stay: others may use them. What is mounted for one is not
     * removed with it. */
    if (result == 0 && services->count == 0)
        result = volumes_unmount(&change->roots, change->project, err);
    if (result == 0 && down->volumes && services->count == 0)
        result =
            volumes_remove(&change->roots, change->project, volume_removed, &change->progress, err);
    if (result == 0 && services->count == 0)
        result = down_networks(&change->roots, change->project, &change->progress, err);
    if (result == 0)
        result = down_images_remove(session, &images, change->roots.data, &change->progress, err);
    return result;
}

int command_down(struct session *session, struct error *err)
{
    struct request request = {.command = "down"};
    struct down down = {.change = {.request = &request}};
    const char *grace = NULL, *images = NULL;
    bool orphans = false;
    const struct option_row rows[] = {
        {'v', "volumes", OPTION_FLAG, &down.volumes, NULL, "remove named volumes too"},
        {'t', "timeout", OPTION_STRING, &grace, "SECONDS", "grace before a kill"},
        {0, "rmi", OPTION_STRING, &images, "WHICH",
         "remove images too: all, or local: those with no name but that of a build"},
        {0, "remove-orphans", OPTION_FLAG, &orphans, NULL, "they are removed in any case"},
        {0, NULL, OPTION_END, NULL, NULL, NULL},
    };
    int result = session_options(session, rows, false, &request.services, err);

    if (result != 0)
        return result < 0 ? -1 : 0;
    if (grace_parse(grace, &request, err) < 0 || down_images_parse(images, &down.which, err) < 0)
        return -1;
    result = down_run(session, &down, err);
    project_dir_close(down.change.dir);
    return result;
}
