/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/process.h"
#include "orchestrator/cli/follow.h"
#include "orchestrator/cli/project_prepare.h"
#include "orchestrator/cli/run.h"
#include "orchestrator/cli/run_io.h"
#include "orchestrator/cli/signal_proxy.h"
#include "orchestrator/cli/volumes.h"
#include "orchestrator/supervise/supervisor_client.h"

struct run {
    struct session *session;
    struct run_changes changes;
    struct plan_oneoff oneoff;
    struct preparation prepare;
    struct request request;
    struct progress progress;
    struct follow_options options;
    bool detach, remove, no_tty, no_input;
    struct follow *follow; /* while it runs */
    struct run_io *io;     /* or NULL */
    bool started;
    int exit_code;
};

/* -- is it over? */

static int run_join(struct run *run, struct error *err)
{
    scoped(supervisor_client_free) struct supervisor_client *client = NULL;
    int master_fd = -1;

    if (supervisor_connect(run->options.dir, run->options.project, &client, err) < 0 ||
        supervisor_client_terminal(client, run->oneoff.name, run->session->arena, &master_fd, err) <
            0)
        return -1;
    /* It may have ended already; then its log has all there was. */
    if (master_fd < 0)
        return 0;
    return run_io_join(run->io, follow_loop(run->follow), master_fd, true, err);
}

static enum verdict run_judge_started(struct run *run, struct error *err)
{
    if (run->started || !run->io)
        return VERDICT_WAIT;
    run->started = true;
    run_io_started(run->io);
    return run->changes.tty && run_join(run, err) < 0 ? VERDICT_FAILED : VERDICT_WAIT;
}

static enum verdict run_judge(struct follow *follow, void *owner, struct error *err)
{
    struct run *run = owner;
    const struct record *record = follow_find(follow, run->oneoff.name);

    if (!record)
        return run->started || follow_ended(follow) ? VERDICT_DONE : VERDICT_WAIT;
    if (record->phase == PHASE_FAILED || record->blocked) {
        run->exit_code = record->blocked ? 1 : record_exit_code(record);
        (void)error_set(err, "%s", record->message ? record->message : "it could not be started");
        return VERDICT_FAILED;
    }
    if (record->phase == PHASE_DONE) {
        run->exit_code = run->detach ? 0 : record_exit_code(record);
        return VERDICT_DONE;
    }
    if (record->phase != PHASE_RUNNING)
        return VERDICT_WAIT;
    return run->detach ? VERDICT_DONE : run_judge_started(run, err);
}

static enum verdict gone_judge(struct follow *follow, void *owner, struct error *err)
{
    const struct run *run = owner;

    (void)err;
    return follow_ended(follow) || !follow_find(follow, run->oneoff.name) ? VERDICT_DONE
                                                                          : VERDICT_WAIT;
}

/* -- steps */

static int run_follow(struct run *run, struct error *err)
{
    struct signal_proxy_target target = {run->options.dir, run->options.project, run->oneoff.name};
    scoped(follow_free) struct follow *follow = follow_new(&run->options);
    scoped(signal_proxy_free) struct signal_proxy *proxy =
        signal_proxy_new(follow_loop(follow), target, true);
    bool interrupted = false;
    int result = 0;

    run->follow = follow;
    if (!run->detach && !run->changes.tty)
        result = follow_attach(follow, run->oneoff.name, run->oneoff.name, 0, err);
    if (result == 0)
        result = follow_run(follow, &run->request, &interrupted, err);
    if (run->io && run->changes.tty)
        run_io_show(run->io);
    run_io_free(steal(run->io));
    return result;
}

/* *ret_stay is connected to the supervisor where input is made: a project whose end has come takes
 * its directory with it, and the FIFO in there. */
static int run_open_io(struct run *run, struct supervisor_client **ret_stay, struct error *err)
{
    const struct request watch = {.command = "watch"};

    if (run->detach)
        return 0;
    if (run_io_new(run->options.dir, run->oneoff.name, &run->io, err) < 0)
        return -1;
    if (!run->oneoff.stdin_open)
        return 0;
    if (supervisor_ask(run->options.dir, run->options.project, &watch, ret_stay, err) < 0)
        return -1;
    return run_io_make_input(run->io, err);
}

/* Attached, what is left to read is read before it goes. */
static int run_remove(struct run *run, struct error *err)
{
    struct follow_options options = run->options;
    scoped(follow_free) struct follow *follow = NULL;
    struct request request = {.command = "remove"};
    bool interrupted;

    string_list_add(run->session->arena, &request.containers, run->oneoff.name);
    options.judge = gone_judge;
    follow = follow_new(&options);
    return follow_run(follow, &request, &interrupted, err);
}

static int run_carry_out(struct run *run, struct error *err)
{
    scoped(supervisor_client_free) struct supervisor_client *stay = NULL;
    int result;

    if (mkdirat(run->options.dir->data_fd, "logs", 0700) < 0 && errno != EEXIST)
        return error_sys(err, "create 'logs'");
    if (run_open_io(run, &stay, err) < 0) {
        run_io_free(steal(run->io));
        return -1;
    }
    run->options.judge = run_judge;
    run->options.owner = run;
    run->options.raw = run->options.no_signals = true;
    result = run_follow(run, err);
    if (result < 0 && run->exit_code > 0) {
        (void)fprintf(stderr, "yawl: %s\n", err->text);
        result = 0;
    }
    if (run->detach && result == 0 && run->exit_code == 0)
        (void)printf("%s\n", run->oneoff.name);
    if (run->remove && !run->detach && run_remove(run, err) < 0)
        return -1;
    return result < 0 ? -1 : run->exit_code;
}

/* The user's files, found as they always are, and what the command line changes on top. */
static int run_load(struct run *run, struct compose **ret_compose, int *ret_fd, struct error *err)
{
    scoped(diagnostics_free) struct diagnostics *diagnostics = diagnostics_new();
    scoped(compose_free) struct compose *plain = NULL;
    struct session *session = run->session;
    struct string_list service = {0};
    const char *path;

    string_list_add(session->arena, &service, run->changes.service);
    session->compose.services = service;
    if (compose_load(&session->compose, diagnostics, &plain) < 0)
        return session_load(session, service, ret_compose, err); /* which says why */
    session->compose.files = string_list_copy(session->arena, compose_project(plain)->files);
    if (run_file_make(&run->changes, session->arena, &path, ret_fd, err) < 0)
        return -1;
    string_list_add(session->arena, &session->compose.files, path);
    session->compose.project_directory =
        arena_strdup(session->arena, compose_project(plain)->directory);
    return session_load(session, service, ret_compose, err);
}

static const char *run_name(struct run *run, const struct project *project)
{
    const char *separator = project->separator;
    unsigned char bytes[6];

    if (run->oneoff.name)
        return run->oneoff.name;
    if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
        memset(bytes, 0, sizeof(bytes));
    return arena_printf(run->session->arena, "%s%s%s%srun%s%02x%02x%02x%02x%02x%02x", project->name,
                        separator, run->changes.service, separator, separator, bytes[0], bytes[1],
                        bytes[2], bytes[3], bytes[4], bytes[5]);
}

/* Its dependencies are brought up with it; other containers of the service stay as they are. */
static void services_note(struct run *run, const struct project *project)
{
    struct arena *arena = run->session->arena;

    for (size_t i = 0; i < project->n_services; i++)
        if (!string_eq(project->services[i].name, run->changes.service))
            string_list_add(arena, &run->request.services,
                            arena_strdup(arena, project->services[i].name));
}

static int run_run(struct run *run, struct error *err)
{
    scoped(compose_free) struct compose *compose = NULL;
    scoped(project_dir_close) struct project_dir *dir = NULL;
    struct session *session = run->session;
    const struct project *project;
    scoped_fd int changes_fd = -1, plan_fd = -1;
    struct roots roots;
    struct plan *plan;

    session->compose.no_deps = run->prepare.planning.no_deps;
    if (run_load(run, &compose, &changes_fd, err) < 0 ||
        roots_find(session->arena, &roots, err) < 0)
        return -1;
    project = compose_project(compose);
    run->oneoff.service = run->changes.service;
    run->oneoff.name = run_name(run, project);
    run->prepare.planning.oneoff = &run->oneoff;
    if (project_prepare(session, compose, &roots, &run->prepare, &plan, err) < 0)
        return -1;
    if (run->prepare.interrupted)
        return EXIT_INTERRUPTED;
    if (volumes_prepare(&roots, plan, err) < 0 ||
        project_dir_open(session->arena, &roots, project->name, true, &dir, err) < 0 ||
        plan_file_make(plan, &plan_fd, err) < 0)
        return -1;
    run->request.plan_fd = plan_fd;
    services_note(run, project);
    run->options.project = project->name;
    run->options.dir = dir;
    return run_carry_out(run, err);
}

static void run_settle(struct run *run, struct string_list operands, struct string_list published)
{
    struct run_changes *changes = &run->changes;

    changes->service = operands.items[0];
    for (size_t i = 1; i < operands.count; i++)
        string_list_add(run->session->arena, &changes->command, operands.items[i]);
    changes->ports = published;
    changes->tty = !run->no_tty && !run->detach && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
    run->oneoff.auto_remove = run->remove && run->detach;
    run->oneoff.stdin_open = !run->detach && !run->no_input && !changes->tty;
    run->progress.hide_exits = true;
    run->options.progress = &run->progress;
}

int command_run(struct session *session, struct error *err)
{
    struct run run = {.session = session, .request = {.command = "apply"}};
    struct run_changes *changes = &run.changes;
    struct string_list operands = {0}, published = {0};
    bool interactive = true, ignored = false, quiet = false;
    struct progress_mode mode;
    const struct option_row rows[] = {
        {'d', "detach", OPTION_FLAG, &run.detach, NULL, "do not wait for it"},
        {0, "rm", OPTION_FLAG, &run.remove, NULL, "remove it when it has ended"},
        {'e', "env", OPTION_LIST, &changes->env, "NAME=VALUE", "set a variable"},
        {0, "env-from-file", OPTION_LIST, &changes->env_files, "FILE", "set variables"},
        {'l', "label", OPTION_LIST, &changes->labels, "NAME=VALUE", "add a label"},
        {'p', "publish", OPTION_LIST, &published, "PORT", "publish a port"},
        {'P', "service-ports", OPTION_FLAG, &changes->service_ports, NULL,
         "publish the service's ports"},
        {'v', "volume", OPTION_LIST, &changes->volumes, "VOLUME", "mount a volume"},
        {'u', "user", OPTION_STRING, &changes->user, "USER", "run as"},
        {'w', "workdir", OPTION_STRING, &changes->working_dir, "DIR", "run in"},
        {'T', "no-tty", OPTION_FLAG, &run.no_tty, NULL, "no terminal"},
        {0, "no-TTY", OPTION_FLAG, &run.no_tty, NULL, "the same"},
        {'i', "interactive", OPTION_FLAG, &interactive, NULL, "give it our standard input"},
        {'t', "tty", OPTION_FLAG, &ignored, NULL, "accepted; so when ours is a terminal"},
        {0, "entrypoint", OPTION_STRING, &changes->entrypoint, "COMMAND", "run this program"},
        {0, "name", OPTION_STRING, &run.oneoff.name, "NAME", "of the container"},
        {0, "no-deps", OPTION_FLAG, &run.prepare.planning.no_deps, NULL, "start no dependencies"},
        {0, "use-aliases", OPTION_FLAG, &run.oneoff.use_aliases, NULL,
         "others find it by the service's names"},
        {0, "cap-add", OPTION_LIST, &changes->cap_add, "CAPABILITY", "add a capability"},
        {0, "cap-drop", OPTION_LIST, &changes->cap_drop, "CAPABILITY", "drop a capability"},
        {0, "remove-orphans", OPTION_FLAG, &run.request.remove_orphans, NULL,
         "remove services that the file lacks"},
        {0, "build", OPTION_FLAG, &run.prepare.images.build, NULL, "build images before starting"},
        {0, "pull", OPTION_STRING, &run.prepare.images.pull, "POLICY",
         "always, missing, never, or policy: as the services say"},
        {0, "quiet-pull", OPTION_FLAG, &run.prepare.images.quiet, NULL,
         "no progress of pulls and builds"},
        {0, "quiet-build", OPTION_FLAG, &run.prepare.images.quiet, NULL, "the same"},
        {'q', "quiet", OPTION_FLAG, &quiet, NULL, "no progress"},
        {0, NULL, OPTION_END, NULL, NULL, NULL},
    };
    int result = session_options(session, rows, true, &operands, err);

    if (result != 0)
        return result < 0 ? -1 : 0;
    if (operands.count == 0)
        return error_set(err, "run: name a service");
    run.no_input = !interactive;
    if (session_progress(session, quiet, &mode, err) < 0)
        return -1;
    run.progress.form = mode.form;
    run_settle(&run, operands, published);
    return run_run(&run, err);
}
