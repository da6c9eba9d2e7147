/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>

#include "common/fd.h"
#include "common/json.h"
#include "orchestrator/cli/command.h"
#include "orchestrator/state/record.h"

struct project_count {
    size_t running, exited, created;
};

static int project_count(struct session *session, const struct roots *roots, const char *name,
                         struct project_count *ret_count, struct error *err)
{
    scoped(project_dir_close) struct project_dir *dir = NULL;
    scoped_fd int records_fd = -1;
    struct record **records;
    size_t count = 0;

    *ret_count = (struct project_count){0};
    if (project_dir_open(session->arena, roots, name, false, &dir, err) < 0)
        return -1;
    records_fd = record_dir_open(dir);
    if (record_list(records_fd, session->arena, &records, &count, err) < 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        ret_count->running += records[i]->phase == PHASE_RUNNING;
        ret_count->exited += records[i]->phase == PHASE_DONE || records[i]->phase == PHASE_FAILED;
        ret_count->created += records[i]->phase == PHASE_CREATED;
    }
    return 0;
}

static void status_append(struct text *status, const char *word, size_t count)
{
    if (count > 0)
        text_appendf(status, "%s%s(%zu)", status->length ? ", " : "", word, count);
}

int command_ls(struct session *session, struct error *err)
{
    bool all = false, quiet = false;
    const char *format = NULL;
    const struct option_row rows[] = {
        {'a', "all", OPTION_FLAG, &all, NULL, "stopped projects too"},
        {'q', "quiet", OPTION_FLAG, &quiet, NULL, "only names"},
        {0, "format", OPTION_STRING, &format, "FORMAT", "table or json"},
        {0, NULL, OPTION_END, NULL, NULL, NULL},
    };
    scoped(json_release) json_t *array = json_array();
    struct string_list operands = {0}, names = {0};
    scoped_text struct text out = {0};
    struct roots roots;
    int result = session_options(session, rows, false, &operands, err);

    if (result != 0)
        return result < 0 ? -1 : 0;
    if (roots_find(session->arena, &roots, err) < 0 ||
        project_dir_list(session->arena, &roots, &names, err) < 0)
        return -1;
    if (!quiet && !string_eq(format, "json"))
        (void)printf("%-20s %s\n", "NAME", "STATUS");
    for (size_t i = 0; i < names.count; i++) {
        scoped_text struct text status = {0};
        struct project_count count;

        if (project_count(session, &roots, names.items[i], &count, err) < 0)
            return -1;
        if (!all && count.running == 0)
            continue;
        status_append(&status, "running", count.running);
        status_append(&status, "exited", count.exited);
        status_append(&status, "created", count.created);
        if (string_eq(format, "json"))
            json_array_append_new(
                array, json_pack("{s:s,s:s}", "Name", names.items[i], "Status", text_get(&status)));
        else if (quiet)
            (void)printf("%s\n", names.items[i]);
        else
            (void)printf("%-20s %s\n", names.items[i], text_get(&status));
    }
    if (string_eq(format, "json")) {
        json_format(array, &out);
        (void)printf("%s\n", text_get(&out));
    }
    return 0;
}
