/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/path.h"
#include "orchestrator/cli/command.h"
#include "orchestrator/cli/copy.h"
#include "orchestrator/plan/plan.h"

struct cp {
    struct session *session;
    struct copy_request request;
    const char *service;
    bool inward;               /* into the container */
    bool all;                  /* those of `run` as well */
    unsigned long long number; /* of the container; 0: any */
    int records_fd;
};

/* "SERVICE:PATH"; a path of this machine with a colon has a '/' or a '.' before it. */
static const char *end_path(const char *operand)
{
    const char *colon = strchr(operand, ':');

    if (*operand == '/' || *operand == '.' || !colon || colon == operand)
        return NULL;
    return memchr(operand, '/', (size_t)(colon - operand)) ? NULL : colon + 1;
}

static struct copy_end end_of(struct arena *arena, const char *path, bool inside)
{
    size_t length = strlen(path);

    return (struct copy_end){
        .path = inside ? path_join(arena, "/", path) : path_clean(arena, path),
        .is_folder = length > 1 && path[length - 1] == '/',
        .is_content = length > 1 && string_ends_with(path, "/."),
    };
}

static int cp_operands(struct cp *cp, struct string_list operands, struct error *err)
{
    struct arena *arena = cp->session->arena;
    const char *from, *to;

    if (operands.count != 2)
        return error_set(err, "cp: name what to copy and where to, one of them as SERVICE:PATH");
    from = end_path(operands.items[0]);
    to = end_path(operands.items[1]);
    if (from && to)
        return error_set(err, "cp: copying between services is not supported");
    if (!from && !to)
        return error_set(err, "cp: neither '%s' nor '%s' is in a service: write SERVICE:PATH",
                         operands.items[0], operands.items[1]);
    if (string_eq(operands.items[from ? 1 : 0], "-"))
        return error_set(err, "cp: archives on standard input and output are not supported yet");
    cp->inward = to != NULL;
    cp->service =
        to ? arena_strndup(arena, operands.items[1], (size_t)(to - operands.items[1] - 1))
           : arena_strndup(arena, operands.items[0], (size_t)(from - operands.items[0] - 1));
    cp->request.from = end_of(arena, from ? from : operands.items[0], from != NULL);
    cp->request.to = end_of(arena, to ? to : operands.items[1], to != NULL);
    return 0;
}

static bool cp_means(const struct cp *cp, const struct record *record)
{
    return string_eq(record->service, cp->service) && !record->hook &&
           record->phase != PHASE_ABSENT && (cp->all || !record->oneoff) &&
           (cp->number == 0 || (unsigned long long)record->number == cp->number);
}

static bool is_alive(const struct record *record)
{
    return record->phase == PHASE_STARTING || record->phase == PHASE_RUNNING;
}

/* The container's files; the handle is what keeps its process from being another one's. */
static int tree_open(const struct cp *cp, const struct record *record,
                     const struct container_spec *spec, struct container_tree *ret_tree,
                     struct error *err)
{
    const char *path = cp->inward ? cp->request.to.path : cp->request.from.path;
    scoped(container_free) struct container *container = NULL;
    struct container_spec started = *spec;

    started.id = arena_printf(cp->session->arena, "%s.%d", record->name, record->starts);
    if (is_alive(record) &&
        container_adopt(&started, record->pid, record->start_time, &container, err) < 0)
        return -1;
    if (container)
        return container_tree_open(container, path, ret_tree, err);
    return container_tree_open_stopped(spec, path, cp->inward, ret_tree, err);
}

static int cp_one(const struct cp *cp, const struct record *record, struct error *err)
{
    struct copy_request request = cp->request;
    struct copy_end *inside = cp->inward ? &request.to : &request.from;
    struct container_tree tree;
    struct plan_instance *made;
    int result;

    if (plan_instance_read(cp->records_fd, record->name, "made", cp->session->arena, &made, err) <
        0)
        return -1;
    if (!made)
        return error_set(err, "container %s has no files yet", record->name);
    if (tree_open(cp, record, &made->container, &tree, err) < 0)
        return -1;
    inside->tree = &tree;
    inside->path = *tree.path ? tree.path : "/";
    result = copy_run(&request, cp->session->arena, err);
    container_tree_close(&tree);
    return result < 0 ? error_wrap(err, "cp: %s", record->name) : 0;
}

/* Out of the first container that there is, and into all of them. */
static int cp_run(struct cp *cp, struct error *err)
{
    scoped(project_dir_close) struct project_dir *dir = NULL;
    scoped_fd int records_fd = -1;
    struct record **records;
    struct roots roots;
    const char *project;
    size_t count = 0, done = 0;

    if (session_project_dir(cp->session, &project, &roots, &dir, err) < 0)
        return -1;
    cp->records_fd = records_fd = dir ? record_dir_open(dir) : -1;
    if (dir && record_list(records_fd, cp->session->arena, &records, &count, err) < 0)
        return -1;
    for (size_t i = 0; i < count && (cp->inward || done == 0); i++) {
        if (!cp_means(cp, records[i]))
            continue;
        if (cp_one(cp, records[i], err) < 0)
            return -1;
        done++;
    }
    return done ? 0 : error_set(err, "no container found for service \"%s\"", cp->service);
}

int command_cp(struct session *session, struct error *err)
{
    struct cp cp = {.session = session};
    struct string_list operands = {0};
    const char *index = NULL;
    const struct option_row rows[] = {
        {'a', "archive", OPTION_FLAG, &cp.request.archive, NULL,
         "with owners and all that a file has"},
        {'L', "follow-link", OPTION_FLAG, &cp.request.follow_links, NULL,
         "copy what a link leads to"},
        {0, "all", OPTION_FLAG, &cp.all, NULL, "also containers of `run`"},
        {0, "index", OPTION_STRING, &index, "NUMBER", "which container of the service"},
        {0, NULL, OPTION_END, NULL, NULL, NULL},
    };
    int result = session_options(session, rows, false, &operands, err);

    if (result != 0)
        return result < 0 ? -1 : 0;
    if (index && !string_to_u64(index, 1000000, &cp.number))
        return error_set(err, "--index: '%s' is no number", index);
    if (cp_operands(&cp, operands, err) < 0)
        return -1;
    return cp_run(&cp, err);
}
