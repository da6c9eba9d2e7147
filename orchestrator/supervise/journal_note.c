/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/supervise/journal_note.h"

#include <string.h>
#include <sys/wait.h>

#include "common/log.h"
#include "common/process.h"
#include "orchestrator/state/journal.h"
#include "orchestrator/state/journal_reader.h"

/* Exit codes of starts that failed, as shells and docker have them. */
enum { NOT_EXECUTABLE = 126, NOT_FOUND = 127, NOT_STARTED = 128 };

enum { COMMAND_MAX = 200 };

/* The detail of a signal that is part of a stop. */
static const char TO_STOP[] = "stop";

/* What an earlier supervisor has told of a container. */
struct recalled {
    struct recalled *next;
    const char *container;
    struct noted noted;
};

/* -- what is known already */

static bool is_of_life(enum event_kind kind)
{
    return kind == EVENT_CREATE || kind == EVENT_START || kind == EVENT_DIE ||
           kind == EVENT_DESTROY;
}

static enum health health_of(const char *word)
{
    return string_eq(word, "healthy") ? HEALTH_HEALTHY : HEALTH_UNHEALTHY;
}

static void noted_update(struct noted *noted, const struct event *event)
{
    if (is_of_life(event->kind)) {
        noted->life = event->kind;
        noted->starts = event->starts;
        noted->health = HEALTH_NONE;
        noted->stopping = false;
    } else if (event->kind == EVENT_HEALTH) {
        noted->health = health_of(event->detail);
    } else if (event->kind == EVENT_KILL) {
        noted->stopping = noted->stopping || string_eq(event->detail, TO_STOP);
    }
}

/* A container is created, started, ended and removed once for each of its starts. */
static bool noted_has(const struct noted *noted, const struct event *event)
{
    if (is_of_life(event->kind))
        return noted->life == event->kind && noted->starts == event->starts;
    return event->kind == EVENT_HEALTH && noted->health == health_of(event->detail);
}

static void on_past(const struct event *event, void *owner)
{
    struct supervisor *supervisor = owner;
    struct recalled *recalled = supervisor->notes.recalled;

    if (!event->container)
        return;
    while (recalled && !string_eq(recalled->container, event->container))
        recalled = recalled->next;
    if (!recalled) {
        recalled = arena_new_object(supervisor->arena, struct recalled);
        recalled->container = arena_strdup(supervisor->arena, event->container);
        recalled->next = supervisor->notes.recalled;
        supervisor->notes.recalled = recalled;
    }
    noted_update(&recalled->noted, event);
}

int journal_note_open(struct supervisor *supervisor, struct error *err)
{
    scoped(journal_reader_free) struct journal_reader *reader =
        journal_reader_new(supervisor->roots.data, supervisor->project);

    if (journal_open(supervisor->dir->data_fd, &supervisor->notes.journal, err) < 0)
        return -1;
    journal_reader_read(reader, on_past, supervisor);
    return 0;
}

void journal_note_flush(struct supervisor *supervisor)
{
    struct error err = {0};

    if (journal_flush(supervisor->notes.journal, &err) == 0)
        supervisor->notes.broken = false;
    else if (!supervisor->notes.broken) {
        supervisor->notes.broken = true;
        log_warning("journal: %s", err.text);
    }
}

void journal_note_recall(struct instance *instance)
{
    for (const struct recalled *recalled = instance->supervisor->notes.recalled; recalled;
         recalled = recalled->next)
        if (string_eq(recalled->container, instance->plan->name))
            instance->noted = recalled->noted;
}

/* -- containers */

static void note(struct instance *instance, struct event event)
{
    event.service = instance->plan->service;
    event.container = instance->plan->name;
    event.image = instance->made ? instance->made->image : instance->plan->image;
    event.oneoff = instance->plan->oneoff;
    event.starts = instance->record.starts;
    if (noted_has(&instance->noted, &event))
        return;
    noted_update(&instance->noted, &event);
    journal_add(instance->supervisor->notes.journal, &event);
}

static int steps_to_ready(const struct instance *instance)
{
    return instance->want.post_start + (instance->want.has_health ? 1 : 0);
}

void journal_note(struct instance *instance, enum event_kind kind)
{
    if (kind == EVENT_STARTING)
        text_clear(&instance->noted.waits_for);
    note(instance,
         (struct event){.kind = kind, .code = kind == EVENT_START ? steps_to_ready(instance) : 0});
    if (kind == EVENT_START && instance->noted.bounced) {
        instance->noted.bounced = false;
        note(instance, (struct event){.kind = EVENT_RESTART});
    }
}

void journal_note_create(struct instance *instance, uint64_t began_ns)
{
    uint64_t now_ns = clock_monotonic_ns();

    note(instance,
         (struct event){.kind = EVENT_CREATE, .clock_ns = now_ns, .took_ns = now_ns - began_ns});
}

void journal_note_kill(struct instance *instance, int signal_number, bool to_stop)
{
    note(instance, (struct event){.kind = EVENT_KILL,
                                  .code = signal_number,
                                  .detail = to_stop ? TO_STOP : NULL});
}

static void note_die(struct instance *instance, int exit_code, const char *detail)
{
    const struct record *record = &instance->record;
    uint64_t took_ns =
        record->finished_ns > record->started_ns ? record->finished_ns - record->started_ns : 0;

    note(instance, (struct event){
                       .kind = EVENT_DIE, .code = exit_code, .detail = detail, .took_ns = took_ns});
}

void journal_note_exit(struct instance *instance)
{
    bool stopped = instance->noted.stopping;

    if (instance->record.oom_killed)
        note(instance, (struct event){.kind = EVENT_OOM});
    note_die(instance, record_exit_code(&instance->record), NULL);
    if (stopped)
        note(instance, (struct event){.kind = EVENT_STOP});
}

/* The record may still have the exit code of an earlier run. */
void journal_note_failure(struct instance *instance)
{
    int exit_code = record_exit_code(&instance->record);

    if (exit_code != NOT_EXECUTABLE && exit_code != NOT_FOUND)
        exit_code = NOT_STARTED;
    note_die(instance, exit_code, text_get(&instance->message));
}

void journal_note_bounce(struct instance *instance)
{
    instance->noted.bounced = true;
}

/* Of several that it waits for each is told, and once for each start. */
void journal_note_wait(struct instance *instance, const char *on, const char *what)
{
    scoped_text struct text key = {0};

    text_appendf(&key, "%s %s\n", on, what);
    if (strstr(text_get(&instance->noted.waits_for), text_get(&key)))
        return;
    text_append(&instance->noted.waits_for, text_get(&key));
    note(instance, (struct event){.kind = EVENT_WAIT, .on = on, .detail = what});
}

/* -- what runs inside */

static int exit_code_of(int wait_status)
{
    return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

/* Once it is known how healthy a container is, probes tell nothing new: only changes are noted, or
 * the journal would be full of them. */
void journal_note_probe(struct instance *instance, enum health before, int wait_status)
{
    enum health now = instance->is.health;

    if (before == HEALTH_STARTING)
        note(instance,
             (struct event){.kind = EVENT_PROBE,
                            .code = exit_code_of(wait_status),
                            .detail = text_get(&instance->probe_output),
                            .took_ns = clock_monotonic_ns() - instance->noted.probe_began_ns});
    if (now != before && (now == HEALTH_HEALTHY || now == HEALTH_UNHEALTHY))
        note(instance, (struct event){.kind = EVENT_HEALTH,
                                      .detail = now == HEALTH_HEALTHY ? "healthy" : "unhealthy"});
}

/* What is printable of it, as far as it fits. */
static void command_append(const char *word, struct text *out)
{
    for (const char *at = word; *at && out->length < COMMAND_MAX; at++)
        text_append_char(out, (unsigned char)*at < 0x20 || (unsigned char)*at > 0x7e ? '?' : *at);
}

void journal_note_hook_start(struct instance *instance, const struct plan_hook *hook)
{
    scoped_text struct text command = {0};

    for (size_t i = 0; i < hook->args.count; i++) {
        command_append(i ? " " : "", &command);
        command_append(hook->args.items[i], &command);
    }
    instance->noted.hook_began_ns = clock_monotonic_ns();
    note(instance, (struct event){.kind = EVENT_EXEC_CREATE, .detail = text_get(&command)});
    note(instance, (struct event){.kind = EVENT_EXEC_START, .detail = text_get(&command)});
}

void journal_note_hook_end(struct instance *instance, enum hook_kind kind, int exit_code)
{
    note(instance, (struct event){.kind = EVENT_EXEC_DIE, .code = exit_code});
    note(instance, (struct event){.kind = EVENT_HOOK,
                                  .code = exit_code,
                                  .detail = kind == HOOK_POST_START ? "post_start" : "pre_stop",
                                  .took_ns = clock_monotonic_ns() - instance->noted.hook_began_ns});
}

static bool is_of_exec(enum event_kind kind)
{
    return kind == EVENT_EXEC_CREATE || kind == EVENT_EXEC_START || kind == EVENT_EXEC_DIE;
}

void journal_note_exec(struct supervisor *supervisor, const struct request *request)
{
    struct instance *instance = request->containers.count == 1
                                    ? supervisor_find(supervisor, request->containers.items[0])
                                    : NULL;

    for (size_t i = 0; instance && i < request->n_phases; i++) {
        const struct request_phase *phase = &request->phases[i];
        struct event event = {.kind = event_kind_of(phase->kind), .code = request->exit_code};
        scoped_text struct text command = {0};

        command_append(phase->detail ? phase->detail : "", &command);
        event.detail = command.data;
        if (is_of_exec(event.kind))
            note(instance, event);
    }
}

/* -- an `up` */

/* Its time of the wall clock follows from how long ago it was. */
static void note_phase(struct supervisor *supervisor, const struct request *request,
                       const struct request_phase *phase)
{
    uint64_t now_ns = clock_monotonic_ns();
    struct event event = {.kind = event_kind_of(phase->kind),
                          .service = phase->service,
                          .detail = phase->detail,
                          .up = request->up,
                          .clock_ns = phase->ended_ns,
                          .took_ns = phase->ended_ns - phase->began_ns};

    if (phase->ended_ns > now_ns || phase->began_ns > phase->ended_ns)
        return; /* of another clock than ours */
    event.time_ns = clock_realtime_ns() - (now_ns - phase->ended_ns);
    journal_add(supervisor->notes.journal, &event);
}

void journal_note_up(struct supervisor *supervisor, const struct request *request)
{
    if (request->up == 0)
        return;
    supervisor->notes.up = request->up;
    for (size_t i = 0; i < request->n_phases; i++)
        note_phase(supervisor, request, &request->phases[i]);
    journal_add(supervisor->notes.journal, &(struct event){.kind = EVENT_UP, .up = request->up});
}

void journal_note_networks(struct supervisor *supervisor, uint64_t began_ns)
{
    uint64_t now_ns = clock_monotonic_ns();

    journal_add(supervisor->notes.journal, &(struct event){.kind = EVENT_NETWORK,
                                                           .up = supervisor->notes.up,
                                                           .clock_ns = now_ns,
                                                           .took_ns = now_ns - began_ns});
}
