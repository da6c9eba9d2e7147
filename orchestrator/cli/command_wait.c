/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Waits until containers have ended, tells how, and ends as the last of them did.
 */
#include <stdio.h>

#include "orchestrator/cli/command.h"
#include "orchestrator/cli/follow.h"

struct wait {
    struct session *session;
    struct string_list services;
    struct string_list told; /* containers whose end was printed */
    uint64_t last_ns;        /* when the last of them ended */
    int exit_code;           /* and how */
};

static bool wait_names(const struct wait *wait, const struct record *record)
{
    return !record->hook &&
           (wait->services.count == 0 || string_list_has(&wait->services, record->service));
}

static bool has_ended(const struct record *record)
{
    return record->phase == PHASE_EXITED || record->phase == PHASE_DONE ||
           record->phase == PHASE_FAILED;
}

static void wait_tell(struct wait *wait, const struct record *record)
{
    string_list_add(wait->session->arena, &wait->told,
                    arena_strdup(wait->session->arena, record->name));
    /* Those that had ended before come in the order of their names. */
    if (record->finished_ns >= wait->last_ns) {
        wait->last_ns = record->finished_ns;
        wait->exit_code = record_exit_code(record);
    }
    (void)printf("container \"%s\" exited with status code %d\n", record->name,
                 record_exit_code(record));
    (void)fflush(stdout);
}

static enum verdict wait_judge(struct follow *follow, void *owner, struct error *err)
{
    struct wait *wait = owner;
    enum verdict verdict = VERDICT_DONE;

    (void)err;
    for (size_t i = 0; i < follow_count(follow); i++) {
        const struct record *record = follow_record(follow, i);

        if (!wait_names(wait, record) || string_list_has(&wait->told, record->name))
            continue;
        if (has_ended(record))
            wait_tell(wait, record);
        else
            verdict = VERDICT_WAIT;
    }
    return follow_ended(follow) ? VERDICT_DONE : verdict;
}

static int wait_run(struct wait *wait, struct error *err)
{
    scoped(project_dir_close) struct project_dir *dir = NULL;
    scoped(follow_free) struct follow *follow = NULL;
    struct request watch = {.command = "watch"};
    struct follow_options options = {.judge = wait_judge, .owner = wait};
    bool interrupted = false, known = false;
    struct record **records;
    struct roots roots;
    size_t count;

    if (session_records(wait->session, &options.project, &records, &count, err) < 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        known = known || wait_names(wait, records[i]);
    if (!known)
        return error_set(err, "no containers for project \"%s\"", options.project);
    if (session_project_dir(wait->session, &options.project, &roots, &dir, err) < 0 || !dir)
        return -1;
    options.dir = dir;
    follow = follow_new(&options);
    if (follow_run(follow, &watch, &interrupted, err) < 0)
        return -1;
    return interrupted ? EXIT_INTERRUPTED : wait->exit_code;
}

int command_wait(struct session *session, struct error *err)
{
    struct wait wait = {.session = session};
    bool down = false;
    const struct option_row rows[] = {
        {0, "down-project", OPTION_FLAG, &down, NULL, "take the project down afterwards"},
        {0, NULL, OPTION_END, NULL, NULL, NULL},
    };
    int exit_code, result = session_options(session, rows, false, &wait.services, err);

    if (result != 0)
        return result < 0 ? -1 : 0;
    if (wait.services.count == 0)
        return error_set(err, "requires at least 1 argument: a service");
    exit_code = wait_run(&wait, err);
    if (exit_code < 0 || !down)
        return exit_code;
    session->args = (struct string_list){0};
    result = command_down(session, err);
    return result == 0 ? exit_code : result;
}
