/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/file.h"
#include "common/json.h"
#include "common/log.h"
#include "common/process.h"
#include "orchestrator/cli/command.h"
#include "orchestrator/cli/follow.h"
#include "orchestrator/cli/image/project_images.h"
#include "orchestrator/cli/log_style.h"
#include "orchestrator/cli/project_plan.h"
#include "orchestrator/cli/volumes.h"
#include "orchestrator/supervise/decide.h"

/* Without a health check, staying up this long is what can be known of being up. */
enum { STAYS_UP_MS = 500, LOOK_MS = 100 };

struct up {
    const struct plan *plan;
    bool detach, wait, abort_on_exit, abort_on_failure;
    const char *exit_code_from;
    int exit_code;
    bool aborting;
    struct project_images_options images;
};

/* -- is it up? */

static bool is_waited_for(const struct plan *plan, const char *service)
{
    for (size_t i = 0; i < plan->n_instances; i++)
        for (size_t j = 0; j < plan->instances[i].n_dependencies; j++)
            if (plan->instances[i].dependencies[j].condition == PLAN_COMPLETED &&
                string_eq(plan->instances[i].dependencies[j].service, service))
                return true;
    return false;
}

static bool has_stayed_up(const struct record *record)
{
    return record->has_health ||
           clock_realtime_ns() >= record->started_ns + (uint64_t)STAYS_UP_MS * 1000000;
}

/* One container of `up -d` and `up --wait`. */
static enum verdict judge_detached(const struct up *up, const struct record *record,
                                   struct error *err)
{
    bool ended = record->phase == PHASE_EXITED || record->phase == PHASE_DONE;

    if (record->pending)
        return VERDICT_WAIT;
    if (record->phase == PHASE_FAILED || record->blocked) {
        (void)error_set(err, "%s",
                        record->message ? record->message : "a container could not be started");
        return VERDICT_FAILED;
    }
    if (record->phase == PHASE_RUNNING && !up->wait)
        return VERDICT_DONE;
    if (record->phase == PHASE_RUNNING && record->health == HEALTH_UNHEALTHY) {
        (void)error_set(err, "container %s is unhealthy: %s", record->name,
                        record->probe_output ? record->probe_output : "");
        return VERDICT_FAILED;
    }
    if (record->phase == PHASE_RUNNING)
        return record->health == HEALTH_STARTING || !has_stayed_up(record) ? VERDICT_WAIT
                                                                           : VERDICT_DONE;
    if (!ended || (up->wait && record->will_restart))
        return VERDICT_WAIT;
    /* A job that ended well is done. */
    if (up->wait && record_exit_code(record) != 0) {
        (void)error_set(err, "container %s exited (%d)", record->name, record_exit_code(record));
        return VERDICT_FAILED;
    }
    if (record_exit_code(record) != 0 && is_waited_for(up->plan, record->service))
        return record->phase == PHASE_DONE ? VERDICT_DONE : VERDICT_WAIT;
    return VERDICT_DONE;
}

/* A failure is told once nothing else is on its way, with the container at the root of it first. */
static enum verdict judge_all_detached(struct follow *follow, const struct up *up,
                                       struct error *err)
{
    enum verdict worst = VERDICT_DONE;
    struct error first = {0}, other = {0};

    /* Replicas and orphans that are to go. */
    for (size_t i = 0; i < follow_count(follow); i++)
        if (follow_record(follow, i)->goal == GOAL_ABSENT)
            return VERDICT_WAIT;
    for (size_t i = 0; i < up->plan->n_instances; i++) {
        const struct record *record = follow_find(follow, up->plan->instances[i].name);
        enum verdict verdict;

        if (!record && follow_ended(follow)) {
            (void)error_set(err, "the project was taken down");
            return VERDICT_FAILED;
        }
        if (!record)
            return VERDICT_WAIT;
        verdict = judge_detached(up, record, record->blocked ? &other : &first);
        if (verdict == VERDICT_WAIT)
            return VERDICT_WAIT;
        if (verdict > worst)
            worst = verdict;
    }
    *err = *first.text ? first : other;
    return worst;
}

static bool record_is_over(const struct record *record)
{
    return (record->phase == PHASE_DONE && !record->will_restart && !record->pending) ||
           record->phase == PHASE_FAILED || (record->phase == PHASE_CREATED && record->blocked) ||
           (record->phase <= PHASE_CREATED && !record->wanted);
}

static bool up_aborts(const struct up *up, const struct record *record)
{
    if (record->phase != PHASE_DONE || record->will_restart)
        return false;
    return up->exit_code_from || up->abort_on_exit ||
           (up->abort_on_failure && record_exit_code(record) != 0);
}

static enum verdict judge_attached(struct follow *follow, struct up *up, struct error *err)
{
    bool over = true;

    for (size_t i = 0; i < up->plan->n_instances; i++) {
        const struct record *record = follow_find(follow, up->plan->instances[i].name);

        if (!record && !follow_ended(follow) && !follow_stopping(follow))
            return VERDICT_WAIT;
        if (!record)
            continue;
        if (!up->aborting && up_aborts(up, record)) {
            up->aborting = true;
            up->exit_code = record_exit_code(record);
            return VERDICT_DONE;
        }
        if (record->phase == PHASE_FAILED || record->blocked) {
            (void)error_set(err, "%s", record->message ? record->message : "");
            up->exit_code = 1;
        }
        over = over && record_is_over(record);
    }
    if (!over)
        return VERDICT_WAIT;
    return up->exit_code && !up->aborting ? VERDICT_FAILED : VERDICT_DONE;
}

static enum verdict up_judge(struct follow *follow, void *owner, struct error *err)
{
    struct up *up = owner;

    if (up->detach)
        return judge_all_detached(follow, up, err);
    return judge_attached(follow, up, err);
}

/* -- steps */

/* The plan goes by a file: it may be larger than a message. */
static int plan_hand_over(struct session *session, const struct project_dir *dir,
                          const struct plan *plan, const char **ret_name, struct error *err)
{
    scoped(json_release) json_t *json = codec_encode(plan_codec, plan);
    scoped_text struct text text = {0};

    json_format(json, &text);
    *ret_name = arena_printf(session->arena, "apply-%d.json", (int)getpid());
    return file_replace(dir->run_fd, *ret_name, text.data, text.length, 0600, err);
}

static int up_attach(struct follow *follow, const struct up *up, const struct project_dir *dir,
                     uint64_t since_ns, struct error *err)
{
    if (up->detach)
        return 0;
    if (mkdirat(dir->data_fd, "logs", 0700) < 0 && errno != EEXIST)
        return error_sys(err, "create 'logs'");
    for (size_t i = 0; i < up->plan->n_instances; i++) {
        const struct plan_instance *instance = &up->plan->instances[i];

        if (instance->attach &&
            follow_attach(follow, instance->name, instance->label, since_ns, err) < 0)
            return -1;
    }
    return 0;
}

static int up_stop_all(struct up *up, struct follow_options options, struct error *err);

static int up_follow(struct session *session, struct up *up, struct follow_options *options,
                     struct request *request, struct error *err)
{
    scoped(follow_free) struct follow *follow = NULL;
    bool interrupted = false;

    options->judge = up_judge;
    options->owner = up;
    options->stop_on_signal = !up->detach;
    follow = follow_new(options);
    if (plan_hand_over(session, options->dir, up->plan, &request->file, err) < 0 ||
        up_attach(follow, up, options->dir, clock_realtime_ns(), err) < 0 ||
        follow_run(follow, request, &interrupted, err) < 0)
        return interrupted ? EXIT_INTERRUPTED : -1;
    if (interrupted)
        return EXIT_INTERRUPTED;
    if (up->aborting && up_stop_all(up, *options, err) < 0)
        return -1;
    return up->exit_code;
}

static enum verdict stopped_judge(struct follow *follow, void *owner, struct error *err)
{
    (void)owner;
    (void)err;
    for (size_t i = 0; i < follow_count(follow); i++) {
        int phase = follow_record(follow, i)->phase;

        if (phase == PHASE_STARTING || phase == PHASE_RUNNING || phase == PHASE_EXITED)
            return VERDICT_WAIT;
    }
    return VERDICT_DONE;
}

/* --abort-on-container-exit: the others are stopped, and the code of the first is ours. */
static int up_stop_all(struct up *up, struct follow_options options, struct error *err)
{
    scoped(follow_free) struct follow *follow = NULL;
    struct request stop = {.command = "stop", .services = options.services};
    bool interrupted;

    options.judge = stopped_judge;
    options.stop_on_signal = false;
    follow = follow_new(&options);
    if (follow_run(follow, &stop, &interrupted, err) < 0)
        return -1;
    for (size_t i = 0; i < follow_count(follow); i++)
        if (string_eq(follow_record(follow, i)->service, up->exit_code_from))
            up->exit_code = record_exit_code(follow_record(follow, i));
    return 0;
}

/* All services of the file, also those that were not selected or are disabled by a profile. */
static int services_known(struct session *session, const struct project *project,
                          struct string_list *ret_known)
{
    scoped(diagnostics_free) struct diagnostics *diagnostics = diagnostics_new();
    scoped(compose_free) struct compose *compose = NULL;
    struct compose_options options = session->compose;

    if (compose_load(&options, diagnostics, &compose) == 0)
        project = compose_project(compose);
    for (size_t i = 0; i < project->n_services; i++)
        string_list_add(session->arena, ret_known,
                        arena_strdup(session->arena, project->services[i].name));
    for (size_t i = 0; i < project->disabled_services.count; i++)
        string_list_add(session->arena, ret_known,
                        arena_strdup(session->arena, project->disabled_services.items[i]));
    return 0;
}

/* Containers of services that the file does not name. */
static int orphans_warn(struct session *session, const struct project_dir *dir,
                        const struct request *request, struct error *err)
{
    scoped_fd int records_fd = openat(dir->run_fd, "instances", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    scoped_text struct text names = {0};
    struct record **records;
    size_t count;

    if (records_fd < 0 || request->remove_orphans)
        return 0;
    if (record_list(records_fd, session->arena, &records, &count, err) < 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        if (!string_list_has(&request->known, records[i]->service))
            text_appendf(&names, "%s%s", names.length ? " " : "", records[i]->name);
    if (names.length)
        log_warning(
            "Found orphan containers ([%s]) for this project. If you removed or renamed this "
            "service in your compose file, you can run this command with the "
            "--remove-orphans flag to clean it up.",
            names.data);
    return 0;
}

static int up_run(struct session *session, struct up *up, struct request *request,
                  struct follow_options *options, struct error *err)
{
    scoped(compose_free) struct compose *compose = NULL;
    scoped(project_dir_close) struct project_dir *dir = NULL;
    struct string_list selected = request->services;
    const struct project *project;
    bool interrupted = false;
    struct roots roots;
    struct plan *plan;

    if (session_load(session, selected, &compose, err) < 0 ||
        roots_find(session->arena, &roots, err) < 0)
        return -1;
    up->images.data_root = roots.data;
    if (project_images_prepare(session, compose, &up->images, &interrupted, err) < 0)
        return -1;
    if (interrupted)
        return EXIT_INTERRUPTED;
    if (project_plan(session, compose, &roots, &plan, err) < 0)
        return -1;
    project = compose_project(compose);
    if (plan->n_instances == 0)
        return error_set(err, "no service selected");
    if (volumes_prepare(&roots, plan, err) < 0 ||
        project_dir_open(session->arena, &roots, project->name, true, &dir, err) < 0)
        return -1;
    request->services = (struct string_list){0};
    for (size_t i = 0; i < project->n_services; i++)
        string_list_add(session->arena, &request->services,
                        arena_strdup(session->arena, project->services[i].name));
    options->services = request->services;

    if (up->exit_code_from && !project_find_service(project, up->exit_code_from))
        return error_set(err, "no such service: %s", up->exit_code_from);
    if (services_known(session, project, &request->known) < 0 ||
        orphans_warn(session, dir, request, err) < 0)
        return -1;
    up->plan = plan;
    options->project = project->name;
    options->dir = dir;
    return up_follow(session, up, options, request, err);
}

int command_up(struct session *session, struct error *err)
{
    struct up up = {0};
    struct request request = {.command = "apply"};
    struct log_style style = {0};
    const char *timeout = NULL, *grace = NULL;
    bool ignored = false, quiet = false;
    const struct option_row rows[] = {
        {'d', "detach", OPTION_FLAG, &up.detach, NULL, "do not stay and show logs"},
        {0, "wait", OPTION_FLAG, &up.wait, NULL, "wait until all is running or healthy; detached"},
        {0, "wait-timeout", OPTION_STRING, &timeout, "SECONDS", "give up waiting after"},
        {0, "force-recreate", OPTION_FLAG, &request.force_recreate, NULL,
         "recreate what is unchanged"},
        {0, "no-recreate", OPTION_FLAG, &request.no_recreate, NULL, "keep what exists"},
        {0, "remove-orphans", OPTION_FLAG, &request.remove_orphans, NULL,
         "remove services that the file lacks"},
        {0, "abort-on-container-exit", OPTION_FLAG, &up.abort_on_exit, NULL,
         "stop all when one exits"},
        {0, "abort-on-container-failure", OPTION_FLAG, &up.abort_on_failure, NULL,
         "stop all when one fails"},
        {0, "exit-code-from", OPTION_STRING, &up.exit_code_from, "SERVICE", "its code is ours"},
        {'t', "timeout", OPTION_STRING, &grace, "SECONDS", "grace of containers that are replaced"},
        {0, "no-build", OPTION_FLAG, &ignored, NULL, "accepted; there is no building yet"},
        {0, "pull", OPTION_STRING, &up.images.pull, "POLICY",
         "always, missing, never, or policy: as the services say"},
        {0, "quiet-pull", OPTION_FLAG, &up.images.quiet, NULL, "no progress of pulls"},
        {0, "frozen", OPTION_FLAG, &up.images.frozen, NULL,
         "fail unless compose.lock is there and up to date"},
        {0, "no-lock", OPTION_FLAG, &up.images.no_lock, NULL, "ignore compose.lock"},
        {0, "quiet", OPTION_FLAG, &quiet, NULL, "no progress"},
        {0, "timestamps", OPTION_FLAG, &style.timestamps, NULL, "show the time of each line"},
        {0, "no-color", OPTION_FLAG, &style.no_colour, NULL, "plain log lines"},
        {0, "no-log-prefix", OPTION_FLAG, &style.no_prefix, NULL,
         "log lines without the container's name"},
        {0, NULL, OPTION_END, NULL, NULL, NULL},
    };
    struct progress progress = {0};
    struct follow_options options = {.progress = &progress};
    unsigned long long seconds = 0, grace_s = 0;
    int result = session_options(session, rows, false, &request.services, err);

    if (result != 0)
        return result < 0 ? -1 : 0;
    if (timeout && !string_to_u64(timeout, 1000000, &seconds))
        return error_set(err, "--wait-timeout: '%s' is no number of seconds", timeout);
    if (grace && !string_to_u64(grace, 1000000, &grace_s))
        return error_set(err, "--timeout: '%s' is no number of seconds", grace);
    request.has_grace = grace != NULL;
    request.grace_ms = (int64_t)grace_s * 1000;
    if (up.images.frozen && up.images.no_lock)
        return error_set(err, "--frozen and --no-lock are incompatible");
    if (request.force_recreate && request.no_recreate)
        return error_set(err, "--force-recreate and --no-recreate are incompatible");
    if (up.detach && (up.abort_on_exit || up.abort_on_failure || up.exit_code_from))
        return error_set(err, "--abort-on-container-exit and --detach are incompatible");
    up.detach = up.detach || up.wait;
    up.images.quiet = up.images.quiet || quiet;
    progress.quiet = quiet || string_eq(session->progress, "quiet");
    progress.json = string_eq(session->progress, "json");
    progress.hide_exits = !up.detach;
    options.timeout_ms = (int64_t)seconds * 1000;
    options.rejudge_ms = up.wait ? LOOK_MS : 0;
    if (log_style_decide(session, &style, &options.style, err) < 0)
        return -1;
    options.style.err_fd = STDERR_FILENO;
    return up_run(session, &up, &request, &options, err);
}
