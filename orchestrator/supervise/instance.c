/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/fd.h"
#include "common/file.h"
#include "common/json.h"
#include "common/limits.h"
#include "common/log.h"
#include "common/process.h"
#include "orchestrator/supervise/hooks.h"
#include "orchestrator/supervise/journal_note.h"
#include "orchestrator/supervise/mounts.h"
#include "orchestrator/supervise/output.h"
#include "orchestrator/supervise/probe.h"
#include "orchestrator/supervise/supervisor_state.h"

enum { COMMAND_TEXT_MAX = 1000, NS_PER_MS = 1000000 };

/* As people type it, for `ps`: records travel in messages of limited size. */
static const char *command_text(struct arena *arena, const struct string_list *args)
{
    scoped_text struct text text = {0};

    for (size_t i = 0; i < args->count && text.length < COMMAND_TEXT_MAX; i++)
        text_appendf(&text, "%s%s", i ? " " : "", args->items[i]);
    return arena_strndup(arena, text_get(&text),
                         text.length < COMMAND_TEXT_MAX ? text.length : COMMAND_TEXT_MAX);
}

static void instance_want_from_plan(struct instance *instance)
{
    const struct plan_instance *plan = instance->plan;

    instance->want.grace_ms = plan->grace_ms;
    instance->want.restart = (enum restart_kind)plan->restart;
    instance->want.restart_max = plan->restart_max;
    instance->want.restart_delay_ms = plan->restart_delay_ms;
    instance->want.restart_window_ms = plan->restart_window_ms;
    instance->want.auto_remove = plan->auto_remove;
    instance->want.post_start = (int)plan->n_post_start;
    instance->want.pre_stop = (int)plan->n_pre_stop;
    instance->want.has_health = plan->health.args.count > 0;
    instance->want.health = plan->health;
    instance->record.name = plan->name;
    instance->record.service = plan->service;
    instance->record.label = plan->label;
    instance->record.number = plan->number;
    instance->record.quiet = !plan->attach;
    instance->record.oneoff = plan->oneoff;
    instance->record.hook = plan->hook;
    instance->record.command = command_text(instance->plan_arena, &plan->container.args);
    instance->record.has_health = instance->want.has_health;
}

struct instance *instance_new(struct supervisor *supervisor, struct plan_instance *plan,
                              struct arena *take_arena)
{
    struct instance *instance = calloc(1, sizeof(*instance));

    if (!instance)
        abort();
    instance->supervisor = supervisor;
    instance->plan = plan;
    instance->plan_arena = take_arena;
    instance->outputs[0] =
        (struct output){.instance = instance, .stream = LOG_STDOUT, .fifo_fd = -1};
    instance->outputs[1] =
        (struct output){.instance = instance, .stream = LOG_STDERR, .fifo_fd = -1};
    mounts_init(instance);
    instance->terminal_fd = instance->input_fd = -1;
    instance->hook.pidfd = instance->hook.output_fd = -1;
    instance->probe.pidfd = instance->probe.output_fd = -1;
    instance_want_from_plan(instance);
    instance->dirty = true;
    return instance;
}

void instance_free(struct instance *instance)
{
    if (!instance)
        return;
    probe_drop(instance);
    hook_drop(instance);
    text_done(&instance->hook.line);
    text_done(&instance->hook.last);
    instance_close_output(instance);
    fd_watch_free(instance->terminal_watch);
    fd_close(instance->terminal_fd);
    fd_close(instance->input_fd);
    fd_watch_free(instance->exit_watch);
    fd_watch_free(instance->report_watch);
    container_free(instance->container);
    mounts_done(instance);
    text_done(&instance->message);
    text_done(&instance->waits_for);
    text_done(&instance->probe_output);
    text_done(&instance->probe.output);
    text_done(&instance->noted.waits_for);
    arena_free(instance->plan_arena);
    arena_free(instance->made_arena);
    arena_free(instance->ports_arena);
    free(instance);
}

void instance_set_plan(struct instance *instance, struct plan_instance *plan,
                       struct arena *take_arena)
{
    arena_free(instance->plan_arena);
    instance->plan = plan;
    instance->plan_arena = take_arena;
    instance_want_from_plan(instance);
    instance->dirty = true;
}

bool instance_succeeds(const struct instance *instance, const struct instance *yielding)
{
    return instance != yielding && yielding->want.yields && instance->want.goal == GOAL_RUNNING &&
           !instance->plan->oneoff && !instance->plan->hook &&
           string_eq(instance->plan->service, yielding->plan->service);
}

void instance_set_phase(struct instance *instance, enum phase phase)
{
    instance->is.phase = phase;
    instance->dirty = true;
}

void instance_set_message(struct instance *instance, const char *text)
{
    if (string_eq(text_get(&instance->message), text))
        return;
    text_clear(&instance->message);
    text_append(&instance->message, text);
    instance->dirty = true;
}

void instance_set_wait(struct instance *instance, const char *name)
{
    if (string_eq(text_get(&instance->waits_for), name))
        return;
    text_clear(&instance->waits_for);
    text_append(&instance->waits_for, name);
    instance->dirty = true;
}

struct instance *supervisor_find(struct supervisor *supervisor, const char *name)
{
    for (size_t i = 0; i < supervisor->n_instances; i++)
        if (string_eq(supervisor->instances[i]->plan->name, name))
            return supervisor->instances[i];
    return NULL;
}

static const char *text_or_null(const struct text *text)
{
    return text->length ? text->data : NULL;
}

void instance_renew_record(struct instance *instance)
{
    const struct plan_instance *shown = instance->made ? instance->made : instance->plan;
    struct record *record = &instance->record;

    record->phase = (int)instance->is.phase;
    record->health = (int)instance->is.health;
    record->goal = (int)instance->want.goal;
    record->wanted = instance->want.goal == GOAL_RUNNING;
    record->will_restart =
        (record->phase == PHASE_EXITED || record->phase == PHASE_DONE) &&
        (decide_restarts(&instance->want, &instance->is) || instance->want.bounce);
    record->replace = instance->want.replace;
    record->yields = instance->want.yields;
    record->renew = instance->want.renew;
    record->post_started = instance->is.post_started;
    record->hooks_pending = instance->is.phase == PHASE_RUNNING &&
                            !instance->is.post_start_failed &&
                            instance->is.post_started < instance->want.post_start;
    record->hook_failed = instance->is.post_start_failed;
    record->stop_refused = instance->is.stop_refused;
    record->paused = instance->is.paused;
    record->to_pause = instance->want.paused;
    record->bounce = instance->want.bounce;
    record->failures = instance->is.failures;
    record->grace_ms = instance->want.grace_ms;
    record->pending = instance->want.replace || instance->want.bounce;
    record->restarts_in_row = instance->is.restarts;
    record->crash_loop = decide_crash_loops(&instance->want, &instance->is);
    record->restart_at_ns = 0;
    if (record->will_restart && !instance->want.bounce)
        record->restart_at_ns =
            record->finished_ns +
            (uint64_t)decide_restart_delay_ms(&instance->want, &instance->is) * NS_PER_MS;
    record->message = text_or_null(&instance->message);
    record->waits_for = text_or_null(&instance->waits_for);
    record->image = shown->image;
    record->image_digest = shown->image_digest;
    record->config_hash = shown->config_hash;
    record->cgroup_parent = shown->container.cgroup_parent;
    record->boot_id = instance->supervisor->boot_id;
}

int instance_write_record(struct instance *instance, struct error *err)
{
    char name[300];

    instance_renew_record(instance);
    journal_note_flush(instance->supervisor); /* what the record tells is in the journal */
    (void)snprintf(name, sizeof(name), "%s.json", instance->plan->name);
    return record_write(instance->supervisor->records_fd, name, &instance->record, err);
}

int instance_write_plan(struct instance *instance, const char *suffix,
                        const struct plan_instance *plan, struct error *err)
{
    scoped_text struct text text = {0};
    char name[300];

    codec_format(plan_instance_codec, plan, &text);
    (void)snprintf(name, sizeof(name), "%s.%s", plan->name, suffix);
    return file_replace(instance->supervisor->records_fd, name, text.data, text.length, 0600, err);
}

int instance_read_plan(struct supervisor *supervisor, const char *name, const char *suffix,
                       struct arena *arena, struct plan_instance **ret_plan, struct error *err)
{
    return plan_instance_read(supervisor->records_fd, name, suffix, arena, ret_plan, err);
}
