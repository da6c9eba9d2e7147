/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/watch/watch_batch.h"

#include <stdlib.h>
#include <string.h>

#include "common/text.h"

static int compare_paths(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static struct watch_work *work_of(struct watch_batch *batch, const struct service *service)
{
    for (size_t i = 0; i < batch->n_works; i++)
        if (batch->works[i].service == service)
            return &batch->works[i];
    batch->works = arena_room(batch->arena, batch->works, batch->n_works);
    batch->works[batch->n_works] = (struct watch_work){.service = service};
    return &batch->works[batch->n_works++];
}

/* Two entries may name the same place. */
static void file_add(struct watch_batch *batch, struct watch_work *work, const char *source,
                     const char *target)
{
    const struct container_file *last = work->n_files ? &work->files[work->n_files - 1] : NULL;

    if (last && string_eq(last->source, source) && string_eq(last->target, target))
        return;
    work->files = arena_room(batch->arena, work->files, work->n_files);
    work->files[work->n_files++] =
        (struct container_file){.source = arena_strdup(batch->arena, source), .target = target};
}

static void exec_add(struct watch_batch *batch, struct watch_work *work,
                     const struct watch_rule *rule)
{
    for (size_t i = 0; i < work->n_execs; i++)
        if (work->execs[i] == rule)
            return;
    work->execs = arena_room(batch->arena, work->execs, work->n_execs);
    work->execs[work->n_execs++] = rule;
}

static void path_take(struct watch_batch *batch, const struct watch_rules *rules, const char *path)
{
    for (size_t i = 0; i < rules->count; i++) {
        const struct watched *watched = &rules->items[i];
        struct watch_work *work;
        const char *target;

        if (!watch_rules_match(rules, watched, path, batch->arena, &target))
            continue;
        work = work_of(batch, watched->service);
        if (watched->rule->syncs && target)
            file_add(batch, work, path, target);
        if (watched->rule->executes)
            exec_add(batch, work, watched->rule);
        work->restarts = work->restarts || watched->rule->restarts;
        work->rebuilds = work->rebuilds || watched->rule->rebuilds;
    }
}

struct watch_batch watch_batch_make(const struct watch_rules *rules, struct string_list *paths)
{
    struct watch_batch batch = {.arena = arena_new()};

    if (paths->count > 0)
        qsort(paths->items, paths->count, sizeof(*paths->items), compare_paths);
    for (size_t i = 0; i < paths->count; i++)
        if (i == 0 || strcmp(paths->items[i], paths->items[i - 1]) != 0)
            path_take(&batch, rules, paths->items[i]);
    return batch;
}
