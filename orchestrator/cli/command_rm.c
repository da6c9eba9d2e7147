/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <strings.h>

#include "orchestrator/cli/command.h"
#include "orchestrator/cli/follow.h"

struct rm {
    struct session *session;
    struct string_list services;
    struct string_list names; /* containers that are to go */
    bool force, stop;
    struct progress progress;
};

static bool rm_names(const struct rm *rm, const struct record *record)
{
    return rm->services.count == 0 || string_list_has(&rm->services, record->service);
}

static bool has_process(const struct record *record)
{
    return record->phase == PHASE_STARTING || record->phase == PHASE_RUNNING ||
           record->phase == PHASE_EXITED;
}

static enum verdict stopped_judge(struct follow *follow, void *owner, struct error *err)
{
    (void)err;
    for (size_t i = 0; i < follow_count(follow); i++)
        if (rm_names(owner, follow_record(follow, i)) && has_process(follow_record(follow, i)))
            return VERDICT_WAIT;
    return VERDICT_DONE;
}

static enum verdict gone_judge(struct follow *follow, void *owner, struct error *err)
{
    const struct rm *rm = owner;

    (void)err;
    for (size_t i = 0; i < rm->names.count; i++)
        if (!follow_ended(follow) && follow_find(follow, rm->names.items[i]))
            return VERDICT_WAIT;
    return VERDICT_DONE;
}

/* One request and its end. */
static int rm_ask(struct rm *rm, const char *command, struct follow_options options,
                  struct error *err)
{
    struct request request = {.command = command, .services = rm->services};
    scoped(follow_free) struct follow *follow = follow_new(&options);
    bool interrupted = false;

    if (follow_run(follow, &request, &interrupted, err) < 0)
        return -1;
    return interrupted ? EXIT_INTERRUPTED : 0;
}

/* Lists what is stopped, or would be with --stop. */
static int rm_find(struct rm *rm, const char **ret_project, struct error *err)
{
    struct record **records;
    size_t count;

    if (session_records(rm->session, ret_project, &records, &count, err) < 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        if (rm_names(rm, records[i]) && !record_is_kept_hook(records[i]) &&
            (rm->stop || (!has_process(records[i]) && !records[i]->will_restart)))
            string_list_add(rm->session->arena, &rm->names, records[i]->name);
    return 0;
}

/* "Going to remove a, b" and a word from the user. */
static bool rm_confirmed(const struct rm *rm)
{
    char answer[16] = "";

    if (rm->force)
        return true;
    (void)printf("Going to remove ");
    for (size_t i = 0; i < rm->names.count; i++)
        (void)printf("%s%s", i ? ", " : "", rm->names.items[i]);
    (void)printf("? [yN] ");
    (void)fflush(stdout);
    if (scanf("%15s", answer) != 1)
        return false;
    return strcasecmp(answer, "y") == 0 || strcasecmp(answer, "yes") == 0;
}

static int rm_run(struct rm *rm, struct error *err)
{
    scoped(project_dir_close) struct project_dir *dir = NULL;
    struct follow_options options = {.progress = &rm->progress, .owner = rm};
    struct roots roots;
    int result = 0;

    if (rm_find(rm, &options.project, err) < 0)
        return -1;
    if (rm->names.count == 0) {
        (void)fprintf(stderr, "No stopped containers\n");
        return 0;
    }
    if (!rm_confirmed(rm))
        return 0;
    if (session_project_dir(rm->session, &options.project, &roots, &dir, err) < 0)
        return -1;
    if (!dir)
        return 0; /* taken down while the user thought */
    options.dir = dir;
    options.judge = stopped_judge;
    if (rm->stop)
        result = rm_ask(rm, "stop", options, err);
    options.judge = gone_judge;
    return result == 0 ? rm_ask(rm, "remove", options, err) : result;
}

int command_rm(struct session *session, struct error *err)
{
    struct rm rm = {.session = session};
    bool volumes = false;
    const struct option_row rows[] = {
        {'f', "force", OPTION_FLAG, &rm.force, NULL, "do not ask"},
        {'s', "stop", OPTION_FLAG, &rm.stop, NULL, "stop them first"},
        {'v', "volumes", OPTION_FLAG, &volumes, NULL, "accepted; anonymous volumes go anyway"},
        {0, NULL, OPTION_END, NULL, NULL, NULL},
    };
    int result = session_options(session, rows, false, &rm.services, err);
    struct progress_mode mode;

    if (result != 0)
        return result < 0 ? -1 : 0;
    if (session_progress(session, false, &mode, err) < 0)
        return -1;
    rm.progress.form = mode.form;
    return rm_run(&rm, err);
}
