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
#include "orchestrator/cli/culprit.h"
#include "orchestrator/cli/up.h"
#include "orchestrator/cli/volumes.h"
#include "orchestrator/cli/watch/watch.h"
#include "orchestrator/supervise/supervisor_client.h"

/* -- steps */

/* Is the service's output shown? */
static bool up_shows(const struct up *up, const struct plan_instance *instance)
{
    const char *service = instance->service;

    if (string_list_has(&up->no_attach, service))
        return false;
    if (up->attach.count > 0)
        return string_list_has(&up->attach, service);
    return instance->attach && (up->named.count == 0 || up->attach_dependencies ||
                                string_list_has(&up->named, service));
}

static int up_attach(struct session *session, struct follow *follow, struct up *up,
                     struct error *err)
{
    const struct project_dir *dir = up->follow.dir;

    if (up->detach)
        return 0;
    up->attached_ns = clock_realtime_ns();
    if (mkdirat(dir->data_fd, "logs", 0700) < 0 && errno != EEXIST)
        return error_sys(err, "create 'logs'");
    for (size_t i = 0; i < up->plan->n_instances; i++) {
        const struct plan_instance *instance = &up->plan->instances[i];

        if (!up_shows(up, instance))
            continue;
        string_list_add(session->arena, &up->attached, instance->name);
        if (follow_attach(follow, instance->name, instance->label, up->attached_ns, err) < 0)
            return -1;
    }
    return 0;
}

static int up_stop_all(struct up *up, struct error *err);

/* All that it has said since its start was shown already. */
static bool was_heard(const struct up *up, const struct record *record)
{
    return string_list_has(&up->attached, record->name) && record->started_ns >= up->attached_ns;
}

/* Who is at the root of it, and its last words. */
static void up_explain(const struct up *up, const struct follow *follow)
{
    const struct record *culprit = up->awaited ? culprit_find(follow, up->awaited) : NULL;
    struct error err = {0};

    if (culprit &&
        culprit_print(culprit, up->follow.dir, !was_heard(up, culprit), up->follow.style, &err) < 0)
        log_warning("log of '%s': %s", culprit->name, err.text);
}

static int up_follow(struct session *session, struct up *up, struct follow *follow,
                     struct error *err)
{
    bool interrupted = false;

    if (up_attach(session, follow, up, err) < 0 ||
        (up->watching && !up->detach &&
         watch_start(up->watching, follow, up->follow.dir, err) < 0) ||
        follow_run(follow, &up->request, &interrupted, err) < 0) {
        if (interrupted)
            return EXIT_INTERRUPTED;
        up_explain(up, follow);
        return -1;
    }
    if (interrupted)
        return EXIT_INTERRUPTED;
    if (up->aborting && up_stop_all(up, err) < 0)
        return -1;
    return up->exit_code;
}

int up_carry_out(struct session *session, struct up *up, struct error *err)
{
    scoped(follow_free) struct follow *follow = NULL;
    scoped_fd int plan_fd = -1;
    int result;

    up->follow.judge = up_judge;
    up->follow.owner = up;
    up->follow.stop_on_signal = !up->detach;
    follow = follow_new(&up->follow);
    if (plan_file_make(up->plan, &plan_fd, err) < 0)
        return -1;
    up->request.plan_fd = plan_fd;
    result = up_follow(session, up, follow, err);
    if (up->watching)
        watch_stop(up->watching);
    return result;
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
static int up_stop_all(struct up *up, struct error *err)
{
    scoped(follow_free) struct follow *follow = NULL;
    struct follow_options options = up->follow;
    struct request stop = {.command = "stop", .services = options.services};
    bool interrupted;

    options.judge = stopped_judge;
    options.stop_on_signal = false;
    follow = follow_new(&options);
    if (follow_run(follow, &stop, &interrupted, err) < 0)
        return -1;
    for (size_t i = 0; i < follow_count(follow); i++)
        if (string_eq(follow_record(follow, i)->service, up->exit_code_from) &&
            !follow_record(follow, i)->hook)
            up->exit_code = record_exit_code(follow_record(follow, i));
    return 0;
}

/* All services of the file, also those that were not selected or are disabled by a profile. */
static int services_known(struct session *session, const struct up *up,
                          const struct project *project, struct string_list *ret_known)
{
    scoped(diagnostics_free) struct diagnostics *diagnostics = diagnostics_new();
    scoped(compose_free) struct compose *compose = NULL;
    struct compose_options options = session->compose;

    if (up->named.count > 0 && compose_load(&options, diagnostics, &compose) == 0)
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
    scoped_fd int records_fd = record_dir_open(dir);
    scoped_text struct text names = {0};
    struct record **records;
    size_t count;

    if (request->remove_orphans)
        return 0;
    if (record_list(records_fd, session->arena, &records, &count, err) < 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        if (records[i]->oneoff ? records[i]->phase >= PHASE_DONE
                               : !string_list_has(&request->known, records[i]->service))
            text_appendf(&names, "%s%s", names.length ? " " : "", records[i]->name);
    if (names.length)
        log_warning(
            "Found orphan containers ([%s]) for this project. If you removed or renamed this "
            "service in your compose file, you can run this command with the "
            "--remove-orphans flag to clean it up.",
            names.data);
    return 0;
}

static int orphans_settle(struct session *session, struct up *up, const struct compose *compose,
                          struct error *err)
{
    bool ignore = compose_setting(compose, "COMPOSE_IGNORE_ORPHANS");

    if (compose_setting(compose, "COMPOSE_REMOVE_ORPHANS"))
        up->request.remove_orphans = true;
    if (ignore && up->request.remove_orphans)
        return error_set(err, "cannot combine COMPOSE_IGNORE_ORPHANS and --remove-orphans");
    if (services_known(session, up, compose_project(compose), &up->request.known) < 0)
        return -1;
    return ignore ? 0 : orphans_warn(session, up->follow.dir, &up->request, err);
}

static int names_check(const struct project *project, struct string_list names, struct error *err)
{
    for (size_t i = 0; i < names.count; i++)
        if (!project_find_service(project, names.items[i]))
            return error_set(err, "no such service: %s", names.items[i]);
    return 0;
}

/* Services that options speak of are services of the project. */
static int up_names_check(const struct up *up, const struct project *project, struct error *err)
{
    const struct project_plan_options *planning = &up->prepare.planning;

    if (names_check(project, up->attach, err) < 0 || names_check(project, up->no_attach, err) < 0)
        return -1;
    for (size_t i = 0; i < planning->n_scales; i++)
        if (!project_find_service(project, planning->scales[i].service))
            return error_set(err, "no such service: %s", planning->scales[i].service);
    if (up->exit_code_from && !project_find_service(project, up->exit_code_from))
        return error_set(err, "no such service: %s", up->exit_code_from);
    return 0;
}

static void services_note(struct session *session, struct up *up, const struct project *project)
{
    struct string_list *services = &up->request.services;

    for (size_t i = 0; i < project->n_services; i++)
        string_list_add(session->arena, services,
                        arena_strdup(session->arena, project->services[i].name));
    up->request.named = up->named;
    up->follow.services = *services;
}

/* Beside the logs; or when all of it is up, until the end. */
static int up_and_watch(struct session *session, struct up *up, struct error *err)
{
    int result = up_carry_out(session, up, err);

    if (!up->watching || !up->detach || result != 0)
        return result;
    return watch_run(up->watching, up->follow.dir, &up->progress, err);
}

static int up_watch_prepare(struct session *session, struct up *up, const struct project *project,
                            struct error *err)
{
    const struct watch_options options = {
        .session = session, .project = project, .services = up->named, .quiet = up->watch_quiet};

    return up->watch ? watch_new(&options, &up->watching, err) : 0;
}

static int up_run_loaded(struct session *session, struct up *up, const struct compose *compose,
                         struct error *err)
{
    scoped(project_dir_close) struct project_dir *dir = NULL;
    const struct project *project = compose_project(compose);
    struct roots roots;
    struct plan *plan;

    if (roots_find(session->arena, &roots, err) < 0 || up_names_check(up, project, err) < 0 ||
        up_watch_prepare(session, up, project, err) < 0)
        return -1;
    phases_next(&up->phases, "load");
    if (project_prepare(session, compose, &roots, &up->prepare, &plan, err) < 0)
        return -1;
    if (up->prepare.interrupted)
        return EXIT_INTERRUPTED;
    if (project->n_services == 0)
        return error_set(err, "no service selected");
    if ((!up->dry_run && volumes_prepare(&roots, plan, err) < 0) ||
        project_dir_open(session->arena, &roots, project->name, !up->dry_run, &dir, err) < 0)
        return -1;
    phases_next(&up->phases, "plan");
    up->request.phases = up->phases.items;
    up->request.n_phases = up->phases.count;
    if (!up->dry_run && supervisor_renew(dir, err) < 0)
        return -1;
    services_note(session, up, project);
    up->plan = plan;
    up->follow.project = project->name;
    up->follow.dir = dir;
    if (orphans_settle(session, up, compose, err) < 0)
        return -1;
    if (up->dry_run)
        return up_plan(session, up, compose, &roots, err);
    return up_and_watch(session, up, err);
}

int up_run(struct session *session, struct up *up, struct error *err)
{
    scoped(compose_free) struct compose *compose = NULL;
    int result;

    up->request.up = clock_realtime_ns();
    up->phases = phases_start(session->arena);
    up->prepare.images.phases = &up->phases;
    up->dry_run = up->dry_run || session->dry_run;
    up->prepare.planning.dry = up->dry_run;
    session->compose.no_deps = up->prepare.planning.no_deps;
    if (session_load(session, up->named, &compose, err) < 0)
        return -1;
    result = up_run_loaded(session, up, compose, err);
    watch_free(steal(up->watching));
    return result;
}

int command_up(struct session *session, struct error *err)
{
    struct up up = {.request = {.command = "apply"}};
    struct option_row rows[UP_MAX_ROWS];
    int result;

    up_rows(&up, rows);
    result = session_options(session, rows, false, &up.named, err);
    if (result != 0)
        return result < 0 ? -1 : 0;
    if (up_options_settle(&up, session, err) < 0)
        return -1;
    return up_run(session, &up, err);
}

int command_create(struct session *session, struct error *err)
{
    struct up up = {.request = {.command = "apply"}, .no_start = true};
    struct option_row rows[UP_MAX_ROWS];
    int result;

    create_rows(&up, rows);
    result = session_options(session, rows, false, &up.named, err);
    if (result != 0)
        return result < 0 ? -1 : 0;
    if (up_options_settle(&up, session, err) < 0)
        return -1;
    return up_run(session, &up, err);
}

int command_scale(struct session *session, struct error *err)
{
    struct up up = {.request = {.command = "apply"}, .detach = true};
    struct option_row rows[UP_MAX_ROWS];
    int result;

    scale_rows(&up, rows);
    result = session_options(session, rows, false, &up.scales, err);
    if (result != 0)
        return result < 0 ? -1 : 0;
    if (up.scales.count == 0)
        return error_set(err, "requires at least 1 argument: SERVICE=COUNT");
    if (up_options_settle(&up, session, err) < 0)
        return -1;
    for (size_t i = 0; i < up.prepare.planning.n_scales; i++)
        string_list_add(session->arena, &up.named, up.prepare.planning.scales[i].service);
    return up_run(session, &up, err);
}
