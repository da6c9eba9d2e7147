/* SPDX-License-Identifier: Apache-2.0 */
/*
 * After a reboot: what was up is brought up again, from the plans that its supervisors left.
 * Compose files are not read: they, and the environment, may be others by now.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "common/fd.h"
#include "common/log.h"
#include "common/process.h"
#include "orchestrator/cli/up.h"
#include "orchestrator/cli/volumes.h"
#include "orchestrator/supervise/standing.h"

/* Something of it is of this boot: whoever uses it knows better. */
static int is_alive(struct session *session, const struct project_dir *dir, bool *ret_alive,
                    struct error *err)
{
    scoped_fd int records_fd = record_dir_open(dir);
    char boot_id[40];
    struct record **records;
    size_t count;

    *ret_alive = false;
    if (process_boot_id(boot_id, err) < 0 ||
        record_list(records_fd, session->arena, &records, &count, err) < 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        *ret_alive = *ret_alive || string_eq(records[i]->boot_id, boot_id);
    return 0;
}

static int plan_bring_up(struct session *session, const struct project_dir *dir,
                         const struct plan *plan, struct error *err)
{
    struct up up = {.request = {.command = "apply"}, .plan = plan, .detach = true};

    if (up_progress_settle(&up, session, err) < 0)
        return -1;
    up.follow.project = plan->project;
    up.follow.dir = dir;
    for (size_t i = 0; i < plan->n_instances; i++)
        if (!string_list_has(&up.request.services, plan->instances[i].service))
            string_list_add(session->arena, &up.request.services, plan->instances[i].service);
    up.request.known = up.follow.services = up.request.services;
    return up_carry_out(session, &up, err);
}

static int project_restore(struct session *session, const struct roots *roots, const char *name,
                           struct error *err)
{
    scoped(project_dir_close) struct project_dir *dir = NULL;
    scoped_fd int data_fd = -1;
    struct plan *plan;
    bool alive;

    if (project_dir_open(session->arena, roots, name, false, &dir, err) < 0 ||
        is_alive(session, dir, &alive, err) < 0)
        return -1;
    if (alive) {
        log_info("%s: is up", name);
        return 0;
    }
    data_fd = open(arena_printf(session->arena, "%s/projects/%s", roots->data, name),
                   O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (data_fd < 0 && errno == ENOENT)
        return error_set(err, "no such project");
    if (data_fd < 0)
        return error_sys(err, "open the project's directory");
    if (standing_read(data_fd, session->arena, &plan, err) < 0)
        return -1;
    if (!plan)
        return 0;
    if (!dir && project_dir_open(session->arena, roots, name, true, &dir, err) < 0)
        return -1;
    if (volumes_mount(roots, plan, err) < 0)
        return -1;
    return plan_bring_up(session, dir, plan, err);
}

int command_restore(struct session *session, struct error *err)
{
    const struct option_row rows[] = {{0, NULL, OPTION_END, NULL, NULL, NULL}};
    struct string_list names = {0};
    struct roots roots;
    int exit_code = 0;
    int result = session_options(session, rows, false, &names, err);

    if (result != 0)
        return result < 0 ? -1 : 0;
    if (roots_find(session->arena, &roots, err) < 0 ||
        (names.count == 0 && project_dir_list(session->arena, &roots, &names, err) < 0))
        return -1;
    /* One that fails does not keep the others down. */
    for (size_t i = 0; i < names.count; i++) {
        struct error why = {0};

        result = project_restore(session, &roots, names.items[i], &why);
        if (result < 0)
            log_error("%s: %s", names.items[i], why.text);
        if (result == EXIT_INTERRUPTED)
            return result;
        if (result != 0)
            exit_code = 1;
    }
    return exit_code;
}
