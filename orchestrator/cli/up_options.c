/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <unistd.h>

#include "common/limits.h"
#include "orchestrator/cli/up.h"

enum { LOOK_MS = 100, MAX_SECONDS = 1000000 };

static const struct option_row row_end = {0, NULL, OPTION_END, NULL, NULL, NULL};

/* Appends to a table that ends with OPTION_END. */
static void rows_add(struct option_row *table, const struct option_row *rows, size_t count)
{
    while (table->kind != OPTION_END)
        table++;
    memcpy(table, rows, count * sizeof(*rows));
    table[count] = row_end;
}

void create_rows(struct up *up, struct option_row ret_rows[UP_MAX_ROWS])
{
    struct request *request = &up->request;
    const struct option_row rows[] = {
        {0, "force-recreate", OPTION_FLAG, &request->force_recreate, NULL,
         "recreate what is unchanged"},
        {0, "no-recreate", OPTION_FLAG, &request->no_recreate, NULL, "keep what exists"},
        {0, "remove-orphans", OPTION_FLAG, &request->remove_orphans, NULL,
         "remove services that the file lacks"},
        {0, "scale", OPTION_LIST, &up->scales, "SERVICE=COUNT", "how many containers (repeatable)"},
        {0, "build", OPTION_FLAG, &up->prepare.images.build, NULL, "build images before starting"},
        {0, "no-build", OPTION_FLAG, &up->prepare.images.no_build, NULL,
         "build nothing, even what is missing"},
        {0, "pull", OPTION_STRING, &up->prepare.images.pull, "POLICY",
         "always, missing, never, or policy: as the services say"},
        {0, "quiet-pull", OPTION_FLAG, &up->prepare.images.quiet, NULL,
         "no progress of pulls and builds"},
        {0, "quiet-build", OPTION_FLAG, &up->prepare.images.quiet, NULL, "the same"},
        {0, "frozen", OPTION_FLAG, &up->prepare.images.frozen, NULL,
         "fail unless compose.lock is there and up to date"},
        {0, "no-lock", OPTION_FLAG, &up->prepare.images.no_lock, NULL, "ignore compose.lock"},
        {'y', "yes", OPTION_FLAG, &up->yes, NULL, "answer every question with yes"},
        {0, "quiet", OPTION_FLAG, &up->quiet, NULL, "no progress"},
    };

    ret_rows[0] = row_end;
    rows_add(ret_rows, rows, ARRAY_LENGTH(rows));
}

static void attach_rows(struct up *up, struct option_row *table)
{
    const struct option_row rows[] = {
        {0, "attach", OPTION_LIST, &up->attach, "SERVICE", "show this one's output only"},
        {0, "no-attach", OPTION_LIST, &up->no_attach, "SERVICE", "do not show this one's output"},
        {0, "attach-dependencies", OPTION_FLAG, &up->attach_dependencies, NULL,
         "show the output of dependencies too"},
        {0, "no-color", OPTION_FLAG, &up->style.no_colour, NULL, "no colours"},
        {0, "no-log-prefix", OPTION_FLAG, &up->style.no_prefix, NULL, "no names before lines"},
        {0, "timestamps", OPTION_FLAG, &up->style.timestamps, NULL, "when each line was written"},
        {0, "abort-on-container-exit", OPTION_FLAG, &up->abort_on_exit, NULL,
         "stop all when one exits"},
        {0, "abort-on-container-failure", OPTION_FLAG, &up->abort_on_failure, NULL,
         "stop all when one fails"},
        {0, "exit-code-from", OPTION_STRING, &up->exit_code_from, "SERVICE", "its code is ours"},
    };

    rows_add(table, rows, ARRAY_LENGTH(rows));
}

void up_rows(struct up *up, struct option_row ret_rows[UP_MAX_ROWS])
{
    struct request *request = &up->request;
    const struct option_row rows[] = {
        {'d', "detach", OPTION_FLAG, &up->detach, NULL, "do not stay and show logs"},
        {0, "wait", OPTION_FLAG, &up->wait, NULL, "wait until all is running or healthy; detached"},
        {0, "wait-timeout", OPTION_STRING, &up->timeout, "SECONDS", "give up waiting after"},
        {'t', "timeout", OPTION_STRING, &up->grace, "SECONDS",
         "grace of containers that are replaced"},
        {0, "no-deps", OPTION_FLAG, &up->prepare.planning.no_deps, NULL,
         "the named services alone"},
        {0, "no-start", OPTION_FLAG, &up->no_start, NULL, "create only"},
        {0, "always-recreate-deps", OPTION_FLAG, &request->recreate_deps, NULL,
         "recreate dependencies too"},
        {0, "dry-run", OPTION_FLAG, &up->dry_run, NULL, "tell what would be done, as `plan` does"},
        {'w', "watch", OPTION_FLAG, &up->watch, NULL, "as `watch` does, beside the logs"},
        {0, "menu", OPTION_FLAG, &up->menu, NULL, "accepted; there is none"},
        {'V', "renew-anon-volumes", OPTION_FLAG, &request->renew_volumes, NULL,
         "begin with empty anonymous volumes"},
    };

    create_rows(up, ret_rows);
    rows_add(ret_rows, rows, ARRAY_LENGTH(rows));
    attach_rows(up, ret_rows);
}

void plan_rows(struct up *up, struct option_row ret_rows[UP_MAX_ROWS])
{
    struct request *request = &up->request;
    const struct option_row rows[] = {
        {0, "format", OPTION_STRING, &up->format, "FORMAT", "text (default) or json"},
        {0, "no-deps", OPTION_FLAG, &up->prepare.planning.no_deps, NULL,
         "the named services alone"},
        {0, "force-recreate", OPTION_FLAG, &request->force_recreate, NULL,
         "as with this option of `up`"},
        {0, "no-recreate", OPTION_FLAG, &request->no_recreate, NULL, "the same"},
        {0, "remove-orphans", OPTION_FLAG, &request->remove_orphans, NULL, "the same"},
        {0, "scale", OPTION_LIST, &up->scales, "SERVICE=COUNT", "the same"},
    };

    ret_rows[0] = row_end;
    rows_add(ret_rows, rows, ARRAY_LENGTH(rows));
}

void scale_rows(struct up *up, struct option_row ret_rows[UP_MAX_ROWS])
{
    const struct option_row rows[] = {
        {0, "no-deps", OPTION_FLAG, &up->prepare.planning.no_deps, NULL,
         "the named services alone"},
    };

    ret_rows[0] = row_end;
    rows_add(ret_rows, rows, ARRAY_LENGTH(rows));
}

static int seconds_parse(const char *option, const char *text, int64_t *ret_ms, struct error *err)
{
    unsigned long long seconds = 0;

    if (text && !string_to_u64(text, MAX_SECONDS, &seconds))
        return error_set(err, "%s: '%s' is no number of seconds", option, text);
    *ret_ms = (int64_t)seconds * 1000;
    return 0;
}

int up_scale_parse(struct up *up, const char *text, struct arena *arena, struct error *err)
{
    struct project_plan_options *planning = &up->prepare.planning;
    const char *equals = strchr(text, '=');
    unsigned long long count;
    struct plan_scale *grown;

    if (!equals || equals == text || !string_to_u64(equals + 1, LIMIT_INSTANCES, &count))
        return error_set(err, "invalid --scale option \"%s\": expected SERVICE=COUNT", text);
    grown = arena_new_array(arena, struct plan_scale, planning->n_scales + 1);
    if (planning->n_scales > 0)
        memcpy(grown, planning->scales, planning->n_scales * sizeof(*grown));
    grown[planning->n_scales++] = (struct plan_scale){
        .service = arena_strndup(arena, text, (size_t)(equals - text)), .count = (int64_t)count};
    planning->scales = grown;
    return 0;
}

/* What docker compose refuses, in its words. */
static const char *conflict(const struct up *up)
{
    const struct request *request = &up->request;
    bool cascades = up->abort_on_exit || (up->exit_code_from && !up->abort_on_failure);
    bool attaches = up->attach_dependencies || up->attach.count > 0;

    if (cascades && up->abort_on_failure)
        return "--abort-on-container-failure cannot be combined with --abort-on-container-exit";
    if (up->wait && (attaches || cascades))
        return "--wait cannot be combined with --abort-on-container-exit, --attach or "
               "--attach-dependencies";
    if (up->detach && (attaches || cascades || up->abort_on_failure))
        return "--detach cannot be combined with --abort-on-container-exit, "
               "--abort-on-container-failure, --attach or --attach-dependencies";
    if (up->prepare.images.frozen && up->prepare.images.no_lock)
        return "--frozen and --no-lock are incompatible";
    if (up->detach && up->watch)
        return "--detach and --watch are incompatible: use 'yawl watch'";
    if (up->attach.count > 0 && up->attach_dependencies)
        return "cannot combine --attach and --attach-dependencies";
    if (up->prepare.images.build && up->prepare.images.no_build)
        return "--build and --no-build are incompatible";
    if (request->renew_volumes && request->no_recreate)
        return "--no-recreate and --renew-anon-volumes are incompatible";
    if (request->force_recreate && request->no_recreate)
        return "--force-recreate and --no-recreate are incompatible";
    if (request->recreate_deps && request->no_recreate)
        return "--always-recreate-deps and --no-recreate are incompatible";
    return NULL;
}

int up_progress_settle(struct up *up, const struct session *session, struct error *err)
{
    struct progress_mode mode;

    if (session_progress(session, up->quiet, &mode, err) < 0)
        return -1;
    up->progress.form = mode.form;
    up->progress.hide_exits = !up->detach;
    up->progress.probes = up->wait;
    up->follow.progress = &up->progress;
    return 0;
}

int up_options_settle(struct up *up, const struct session *session, struct error *err)
{
    const char *text = conflict(up);

    if (text)
        return error_set(err, "%s", text);
    if (seconds_parse("--wait-timeout", up->timeout, &up->follow.timeout_ms, err) < 0 ||
        seconds_parse("--timeout", up->grace, &up->request.grace_ms, err) < 0)
        return -1;
    for (size_t i = 0; i < up->scales.count; i++)
        if (up_scale_parse(up, up->scales.items[i], session->arena, err) < 0)
            return -1;
    up->request.has_grace = up->grace != NULL;
    up->request.no_start = up->no_start;
    up->detach = up->detach || up->wait || up->no_start;
    up->prepare.images.quiet = up->prepare.images.quiet || up->quiet;
    if (up_progress_settle(up, session, err) < 0)
        return -1;
    up->follow.rejudge_ms = up->wait ? LOOK_MS : 0;
    up->follow.timeout_text = "application not healthy after";
    if (log_style_decide(session, &up->style, &up->follow.style, err) < 0)
        return -1;
    up->follow.style.err_fd = STDERR_FILENO;
    return 0;
}
