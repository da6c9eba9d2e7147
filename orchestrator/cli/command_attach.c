/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Joins our standard streams to those of a container that runs, until it ends or the keys that
 * detach are typed.
 */
#include <stdio.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/process.h"
#include "orchestrator/cli/follow.h"
#include "orchestrator/cli/run_io.h"
#include "orchestrator/cli/running.h"
#include "orchestrator/cli/signal_proxy.h"
#include "orchestrator/supervise/supervisor_client.h"

struct attach {
    struct session *session;
    struct running running;
    struct detach_keys keys;
    bool no_stdin, sig_proxy;
    struct follow *follow; /* while it runs */
    struct run_io *io;
    struct fd_watch *feeder_watch;
    bool detached;
};

static bool attach_types(const struct attach *attach)
{
    const struct plan_instance *made = attach->running.made;

    return !attach->no_stdin && (made->container.tty || made->stdin_held);
}

static enum verdict attach_judge(struct follow *follow, void *owner, struct error *err)
{
    const struct attach *attach = owner;
    const struct record *joined = attach->running.record;
    const struct record *now = follow_find(follow, joined->name);

    (void)err;
    return !attach->detached && now && now->phase == PHASE_RUNNING && now->starts == joined->starts
               ? VERDICT_WAIT
               : VERDICT_DONE;
}

static void on_feeder(void *owner)
{
    struct attach *attach = owner;

    fd_watch_free(steal(attach->feeder_watch));
    attach->detached = run_io_detached(attach->io);
    follow_look(attach->follow);
}

static int attach_terminal(struct attach *attach, struct error *err)
{
    scoped(supervisor_client_free) struct supervisor_client *client = NULL;
    const struct running *running = &attach->running;
    int master_fd = -1;

    if (supervisor_connect(running->dir, running->project, &client, err) < 0 ||
        supervisor_client_terminal(client, running->record->name, attach->session->arena,
                                   &master_fd, err) < 0)
        return -1;
    if (master_fd < 0)
        return error_set(err, "the terminal of '%s' is gone", running->record->name);
    run_io_skip_log(attach->io);
    return run_io_join(attach->io, follow_loop(attach->follow), master_fd, attach_types(attach),
                       err);
}

static int attach_streams(struct attach *attach, struct error *err)
{
    const char *name = attach->running.record->name;

    if (run_io_new(attach->running.dir, name, &attach->io, err) < 0)
        return -1;
    /* What is piped into us may well contain them. */
    if (isatty(STDIN_FILENO))
        run_io_detach_by(attach->io, &attach->keys);
    if (attach->running.made->container.tty)
        return attach_terminal(attach, err);
    if (follow_attach(attach->follow, name, name, clock_realtime_ns(), err) < 0)
        return -1;
    return attach_types(attach) ? run_io_find_input(attach->io, err) : 0;
}

static int attach_exit_code(const struct attach *attach, bool interrupted)
{
    const struct record *now = follow_find(attach->follow, attach->running.record->name);

    if (attach->detached)
        return 0;
    if (interrupted)
        return EXIT_INTERRUPTED;
    return now ? record_exit_code(now) : 0;
}

static int attach_wait(struct attach *attach, struct error *err)
{
    struct request request = {.command = "watch"};
    bool interrupted = false;

    if (attach_streams(attach, err) < 0)
        return -1;
    if (run_io_feeder_fd(attach->io) >= 0)
        attach->feeder_watch =
            fd_watch_new(follow_loop(attach->follow), run_io_feeder_fd(attach->io), FD_READABLE,
                         on_feeder, attach);
    if (follow_run(attach->follow, &request, &interrupted, err) < 0)
        return -1;
    if (attach->running.made->container.tty)
        run_io_show(attach->io);
    return attach_exit_code(attach, interrupted);
}

static int attach_run(struct attach *attach, struct error *err)
{
    const struct running *running = &attach->running;
    struct follow_options options = {.project = running->project,
                                     .dir = running->dir,
                                     .judge = attach_judge,
                                     .owner = attach,
                                     .raw = true,
                                     .no_signals = attach->sig_proxy};
    struct signal_proxy_target target = {running->dir, running->project, running->record->name};
    scoped(follow_free) struct follow *follow = follow_new(&options);
    scoped(signal_proxy_free) struct signal_proxy *proxy =
        attach->sig_proxy ? signal_proxy_new(follow_loop(follow), target, false) : NULL;
    int result;

    attach->follow = follow;
    result = attach_wait(attach, err);
    fd_watch_free(steal(attach->feeder_watch));
    run_io_free(steal(attach->io));
    return result;
}

int command_attach(struct session *session, struct error *err)
{
    struct attach attach = {.session = session, .sig_proxy = true};
    struct string_list operands = {0};
    const char *index = NULL, *keys = DETACH_KEYS_DEFAULT;
    const struct option_row rows[] = {
        {0, "detach-keys", OPTION_STRING, &keys, "KEYS",
         "that leave it, without ending it (" DETACH_KEYS_DEFAULT ")"},
        {0, "index", OPTION_STRING, &index, "NUMBER", "which container of the service"},
        {0, "no-stdin", OPTION_FLAG, &attach.no_stdin, NULL, "keep our standard input"},
        {0, "sig-proxy", OPTION_FLAG, &attach.sig_proxy, NULL, "signals go to it (true)"},
        {0, NULL, OPTION_END, NULL, NULL, NULL},
    };
    int result = session_options(session, rows, false, &operands, err);

    if (result != 0)
        return result < 0 ? -1 : 0;
    if (operands.count != 1)
        return error_set(err, "attach: name one service");
    if (detach_keys_parse(*keys ? keys : DETACH_KEYS_DEFAULT, &attach.keys, err) < 0)
        return error_wrap(err, "--detach-keys");
    if (running_find(session, operands.items[0], index, &attach.running, err) < 0)
        return -1;
    result = attach_run(&attach, err);
    running_done(&attach.running);
    return result;
}
