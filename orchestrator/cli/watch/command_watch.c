/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/up.h"
#include "orchestrator/cli/watch/watch.h"

/* What runs already, as it is. */
static int watch_only(struct session *session, struct up *up, struct error *err)
{
    scoped(compose_free) struct compose *compose = NULL;
    scoped(project_dir_close) struct project_dir *dir = NULL;
    scoped(watch_free) struct watch *watch = NULL;
    struct watch_options options = {
        .session = session, .services = up->named, .quiet = up->watch_quiet};
    struct roots roots;
    const char *name;

    if (session_load(session, up->named, &compose, err) < 0 ||
        session_project_dir(session, &name, &roots, &dir, err) < 0)
        return -1;
    if (!dir)
        return error_set(err, "nothing of project '%s' runs: leave out --no-up", name);
    options.project = compose_project(compose);
    if (watch_new(&options, &watch, err) < 0)
        return -1;
    return watch_run(watch, dir, &up->progress, err);
}

int command_watch(struct session *session, struct error *err)
{
    struct up up = {.request = {.command = "apply"}, .detach = true};
    bool no_up = false, prune = false;
    const struct option_row rows[] = {
        {0, "no-up", OPTION_FLAG, &no_up, NULL, "build and start nothing before"},
        {0, "prune", OPTION_FLAG, &prune, NULL,
         "accepted; what rebuilds leave is removed by `image prune`"},
        {0, "quiet", OPTION_FLAG, &up.watch_quiet, NULL, "no progress of builds"},
        {0, NULL, OPTION_END, NULL, NULL, NULL},
    };
    int result = session_options(session, rows, false, &up.named, err);

    if (result != 0)
        return result < 0 ? -1 : 0;
    up.prepare.images.build = true;
    up.prepare.images.quiet = up.watch_quiet;
    if (up_options_settle(&up, session, err) < 0)
        return -1;
    up.watch = true;
    return no_up ? watch_only(session, &up, err) : up_run(session, &up, err);
}
