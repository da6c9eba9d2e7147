/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/supervise/standing.h"

#include <errno.h>
#include <unistd.h>

#include "common/file.h"
#include "common/json.h"
#include "common/log.h"

/* Containers of `run` end with the command that started them. */
static bool stands(const struct instance *instance)
{
    return instance->want.goal == GOAL_RUNNING && !instance->plan->oneoff;
}

static struct plan standing_plan(const struct supervisor *supervisor, struct arena *arena)
{
    struct plan plan = supervisor->shared;

    plan.project = supervisor->project;
    plan.instances = arena_new_array(arena, struct plan_instance, supervisor->n_instances + 1);
    plan.n_instances = 0;
    for (size_t i = 0; i < supervisor->n_instances; i++)
        if (stands(supervisor->instances[i]))
            plan.instances[plan.n_instances++] = *supervisor->instances[i]->plan;
    return plan;
}

void standing_write(struct supervisor *supervisor)
{
    const int data_fd = supervisor->dir->data_fd;
    scoped(arena_free) struct arena *arena = arena_new();
    const struct plan plan = standing_plan(supervisor, arena);
    scoped_text struct text text = {0};
    struct error err = {0};

    if (plan.n_instances == 0) {
        (void)unlinkat(data_fd, STANDING_FILE, 0);
        return;
    }
    codec_format(plan_codec, &plan, &text);
    if (file_replace(data_fd, STANDING_FILE, text.data, text.length, 0600, &err) < 0)
        log_warning("what is up will not be restored after a reboot: %s", err.text);
}

int standing_read(int data_fd, struct arena *arena, struct plan **ret_plan, struct error *err)
{
    scoped(json_release) json_t *json = json_read_file(data_fd, STANDING_FILE, err);

    *ret_plan = NULL;
    if (!json)
        return err->number == ENOENT ? 0 : -1;
    *ret_plan = arena_new_object(arena, struct plan);
    if (codec_decode(plan_codec, json, *ret_plan, arena, err) < 0)
        return error_wrap(err, "read '%s'", STANDING_FILE);
    return 0;
}
