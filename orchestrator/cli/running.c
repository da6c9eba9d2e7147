/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/running.h"

#include <fcntl.h>
#include <unistd.h>

#include "common/fd.h"

static bool record_matches(const struct record *record, const char *service,
                           unsigned long long number)
{
    return string_eq(record->service, service) && !record->oneoff && !record->hook &&
           record->phase == PHASE_RUNNING &&
           (number == 0 || (unsigned long long)record->number == number);
}

static int record_find(struct arena *arena, int records_fd, const char *service,
                       unsigned long long number, struct running *running, struct error *err)
{
    struct record **records;
    size_t count;

    if (record_list(records_fd, arena, &records, &count, err) < 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        if (record_matches(records[i], service, number) &&
            (!running->record || records[i]->number < running->record->number))
            running->record = records[i];
    return 0;
}

int running_find(struct session *session, const char *service, const char *index,
                 struct running *ret_running, struct error *err)
{
    scoped(project_dir_close) struct project_dir *dir = NULL;
    struct running running = {0};
    struct plan_instance *made;
    scoped_fd int records_fd = -1;
    unsigned long long number = 0;
    struct roots roots;

    if (index && !string_to_u64(index, 1000000, &number))
        return error_set(err, "--index: '%s' is no number", index);
    if (session_project_dir(session, &running.project, &roots, &dir, err) < 0)
        return -1;
    records_fd = record_dir_open(dir);
    if (record_find(session->arena, records_fd, service, number, &running, err) < 0)
        return -1;
    if (!running.record)
        return error_set(err, "service \"%s\" is not running", service);
    if (running.record->paused)
        return error_set(err, "container %s is paused: unpause it first", running.record->name);
    if (plan_instance_read(records_fd, running.record->name, "made", session->arena, &made, err) <
        0)
        return -1;
    if (!made)
        return error_set(err, "service \"%s\" is not running", service);
    running.made = made;
    running.dir = steal(dir);
    *ret_running = running;
    return 0;
}

int running_adopt(const struct running *running, struct arena *arena,
                  struct container **ret_container, struct error *err)
{
    const struct record *record = running->record;
    struct container_spec spec = running->made->container;

    spec.id = arena_printf(arena, "%s.%d", record->name, record->starts);
    return container_adopt(&spec, record->pid, record->start_time, ret_container, err);
}

void running_done(struct running *running)
{
    project_dir_close(steal(running->dir));
}
