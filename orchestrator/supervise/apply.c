/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests change what is wanted, and nothing else: decide() finds out what follows.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/file.h"
#include "common/json.h"
#include "common/limits.h"
#include "common/log.h"
#include "common/process.h"
#include "orchestrator/supervise/change.h"
#include "orchestrator/supervise/journal_note.h"
#include "orchestrator/supervise/networks.h"
#include "orchestrator/supervise/standing.h"
#include "orchestrator/supervise/supervisor_state.h"

static const struct codec_field request_phase_codec[] = {
    CODEC_FIELD(struct request_phase, kind, CODEC_STRING),
    CODEC_FIELD(struct request_phase, service, CODEC_STRING),
    CODEC_FIELD(struct request_phase, detail, CODEC_STRING),
    CODEC_FIELD(struct request_phase, began_ns, CODEC_UINT64),
    CODEC_FIELD(struct request_phase, ended_ns, CODEC_UINT64),
    {0},
};

const struct codec_field request_codec[] = {
    CODEC_FIELD(struct request, command, CODEC_STRING),
    CODEC_FIELD(struct request, file, CODEC_STRING),
    CODEC_FIELD(struct request, services, CODEC_STRINGS),
    CODEC_FIELD(struct request, containers, CODEC_STRINGS),
    CODEC_FIELD(struct request, named, CODEC_STRINGS),
    CODEC_FIELD(struct request, known, CODEC_STRINGS),
    CODEC_FIELD(struct request, force_recreate, CODEC_BOOL),
    CODEC_FIELD(struct request, no_recreate, CODEC_BOOL),
    CODEC_FIELD(struct request, remove_orphans, CODEC_BOOL),
    CODEC_FIELD(struct request, recreate_deps, CODEC_BOOL),
    CODEC_FIELD(struct request, renew_volumes, CODEC_BOOL),
    CODEC_FIELD(struct request, no_start, CODEC_BOOL),
    CODEC_FIELD(struct request, no_deps, CODEC_BOOL),
    CODEC_FIELD(struct request, has_grace, CODEC_BOOL),
    CODEC_FIELD(struct request, grace_ms, CODEC_INT64),
    CODEC_FIELD(struct request, signal_number, CODEC_INT),
    CODEC_FIELD(struct request, up, CODEC_UINT64),
    CODEC_LIST(struct request, phases, n_phases, request_phase_codec),
    CODEC_FIELD(struct request, exit_code, CODEC_INT),
    {0},
};

/* The command as its user knows it, in a text that outlives the request; NULL when there is none.
 */
static const char *command_find(const char *command)
{
    static const char *const commands[] = {"start",    "stop",    "restart", "kill", "pause",
                                           "terminal", "unpause", "remove",  "down", "watch"};

    if (string_eq(command, "apply"))
        return "up";
    for (size_t i = 0; i < ARRAY_LENGTH(commands); i++)
        if (string_eq(commands[i], command))
            return commands[i];
    return NULL;
}

/* A job that ended well, and that nothing asks to run again: what it was made from is unchanged. */
static bool job_is_done(const struct instance *instance)
{
    return instance->plan->run_once && instance->is.phase == PHASE_DONE && instance->is.ended_well;
}

/* Of a service, containers of `run` are killed and removed with the others, and left alone
 * otherwise. */
static bool request_spares(const struct request *request, const struct instance *instance)
{
    /* What ended well need not run again as long as its service is there. */
    if (instance->plan->hook && string_eq(request->command, "remove"))
        return job_is_done(instance);
    return instance->plan->oneoff && !string_eq(request->command, "kill") &&
           !string_eq(request->command, "remove") && !string_eq(request->command, "down");
}

static bool request_names(const struct request *request, const struct instance *instance)
{
    if (request->containers.count > 0)
        return string_list_has(&request->containers, instance->plan->name);
    return !request_spares(request, instance) &&
           (request->services.count == 0 ||
            string_list_has(&request->services, instance->plan->service));
}

/* What came to its end is to run again when its user says so. */
static void instance_rearm(struct instance *instance)
{
    if (instance->is.phase == PHASE_DONE || instance->is.phase == PHASE_FAILED)
        instance_set_phase(instance, instance->made ? PHASE_CREATED : PHASE_ABSENT);
    instance->is.restarts = instance->is.failures = 0;
    instance->is.retry_at_ms = 0;
}

/* -- apply */

/* What was asked for is on disk before it is answered. */
static int records_write(struct supervisor *supervisor, struct error *err)
{
    for (size_t i = 0; i < supervisor->n_instances; i++)
        if (supervisor->instances[i]->dirty &&
            instance_write_record(supervisor->instances[i], err) < 0)
            return -1;
    return 0;
}

/* The new plan's networks, and those of services that it does not speak of. */
static void shared_merge(struct supervisor *supervisor, struct plan *plan, struct arena *arena)
{
    struct plan *old = &supervisor->shared;
    struct network_spec *networks =
        arena_new_array(arena, struct network_spec, plan->n_networks + old->n_networks);
    size_t count = plan->n_networks;

    if (count > 0)
        memcpy(networks, plan->networks, count * sizeof(*networks));
    for (size_t i = 0; i < old->n_networks; i++)
        if (!plan_find_network(plan, old->networks[i].name))
            networks[count++] = old->networks[i];
    plan->networks = networks;
    plan->n_networks = count;
    for (size_t i = 0; i < old->declared_names.count; i++)
        if (!string_list_has(&plan->declared_names, old->declared_names.items[i]))
            string_list_add(arena, &plan->declared_names, old->declared_names.items[i]);
}

static int shared_apply(struct supervisor *supervisor, struct plan *plan, struct arena *arena,
                        struct error *err)
{
    scoped_text struct text text = {0};
    struct plan merged = *plan, copy = {0};
    scoped(arena_free) struct arena *kept = arena_new();
    uint64_t began_ns = clock_monotonic_ns();
    bool *stale;

    shared_merge(supervisor, &merged, arena);
    codec_format(plan_shared_codec, &merged, &text);
    codec_copy(plan_shared_codec, &merged, &copy, kept);
    /* What the network refuses is not kept: it would be refused again by every supervisor to come.
     */
    if (records_write(supervisor, err) < 0 ||
        networks_add(supervisor, &copy, kept, &stale, err) < 0)
        return -1;
    if (file_replace(supervisor->dir->run_fd, "shared.json", text.data, text.length, 0600, err) < 0)
        return -1;
    arena_free(supervisor->shared_arena);
    supervisor->shared_arena = steal(kept);
    supervisor->shared = copy;
    supervisor->networks_stale = stale;
    net_declare_names(supervisor->net, copy.declared_names);
    journal_note_networks(supervisor, began_ns);
    return 0;
}

static void instance_add(struct supervisor *supervisor, struct instance *instance)
{
    struct instance **grown = realloc(supervisor->instances, (supervisor->n_instances + 1) *
                                                                 sizeof(*supervisor->instances));

    if (!grown)
        abort();
    supervisor->instances = grown;
    supervisor->instances[supervisor->n_instances++] = instance;
}

static void instance_apply_change(struct instance *instance, const struct change *change,
                                  const struct request *request)
{
    instance->want.replace = change->kind == CHANGE_RECREATE;
    instance->want.renew = request->renew_volumes;
    if (request->has_grace)
        instance->want.grace_ms = request->grace_ms;
    if (request->no_start && change->kind == CHANGE_NONE)
        return; /* there is nothing to create */
    instance->want.goal = request->no_start ? GOAL_CREATED : GOAL_RUNNING;
    instance->want.yields = false;
    instance->is.stop_refused = false;
    if (change->kind == CHANGE_CREATE || change->kind == CHANGE_START)
        instance_rearm(instance);
}

static int instance_apply(struct supervisor *supervisor, const struct plan_instance *wanted,
                          const struct change *change, const struct request *request,
                          struct error *err)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct instance *instance = supervisor_find(supervisor, wanted->name);
    struct instance probe_name = {.supervisor = supervisor};
    struct plan_instance *plan;

    /* Kept before it counts; and each instance owns its own copy. */
    if (plan_instance_copy(wanted, arena, &plan, err) < 0 ||
        instance_write_plan(&probe_name, "want", wanted, err) < 0)
        return -1;
    if (instance) {
        instance_set_plan(instance, plan, steal(arena));
    } else {
        instance = instance_new(supervisor, plan, steal(arena));
        instance_add(supervisor, instance);
    }
    instance_apply_change(instance, change, request);
    instance->record.asked_by = command_find(request->command);
    instance->dirty = true;
    return 0;
}

static bool plan_starts_first(const struct plan *plan, const char *service)
{
    for (size_t i = 0; i < plan->n_instances; i++)
        if (plan->instances[i].start_first && string_eq(plan->instances[i].service, service))
            return true;
    return false;
}

/* Of containers that the plan does not name. */
static void surplus_remove(struct supervisor *supervisor, const struct plan *plan,
                           const struct changes *changes)
{
    for (size_t i = 0; i < changes->count; i++) {
        struct instance *instance = supervisor_find(supervisor, changes->items[i].name);

        if (!instance || changes->items[i].kind != CHANGE_REMOVE)
            continue;
        instance->want.yields =
            plan_starts_first(plan, instance->plan->service) && !instance->plan->hook;
        instance->is.handed_over_ms = 0;
        instance->want.goal = GOAL_ABSENT;
        instance->record.asked_by = command_find("apply");
        instance->dirty = true;
    }
}

/* Before anything else is wanted: networks are only made anew when nobody is left on them. */
static void changes_bounce(struct supervisor *supervisor, const struct changes *changes)
{
    for (size_t i = 0; i < changes->count; i++) {
        if (changes->items[i].kind != CHANGE_RESTART)
            continue;
        struct instance *instance = supervisor_find(supervisor, changes->items[i].name);

        instance->want.bounce = true;
        instance->dirty = true;
    }
}

static int changes_decide(struct supervisor *supervisor, const struct plan *plan,
                          const struct request *request, struct arena *arena,
                          struct changes *ret_changes, struct error *err)
{
    struct existing *existing =
        arena_new_array(arena, struct existing, supervisor->n_instances + 1);
    struct world world = {.existing = existing};

    for (size_t i = 0; i < supervisor->n_instances; i++) {
        const struct instance *instance = supervisor->instances[i];

        existing[world.n_existing++] =
            (struct existing){.name = instance->plan->name,
                              .service = instance->plan->service,
                              .phase = instance->is.phase,
                              .made = instance->made,
                              .oneoff = instance->plan->oneoff,
                              .ended_well = instance->is.ended_well,
                              .wanted = instance->want.goal == GOAL_RUNNING};
    }
    if (networks_changed(supervisor, plan, arena, &world.networks, err) < 0)
        return -1;
    *ret_changes = changes_make(plan, request, &world, arena);
    return 0;
}

static bool restarts_with(const struct instance *instance, const char *service)
{
    for (size_t i = 0; i < instance->plan->n_dependencies; i++)
        if (instance->plan->dependencies[i].restart &&
            string_eq(instance->plan->dependencies[i].service, service))
            return true;
    return false;
}

/* Dependents with `restart: true` are stopped before and started after. */
static void dependents_bounce(struct supervisor *supervisor, const struct instance *changed)
{
    for (size_t i = 0; i < supervisor->n_instances; i++) {
        struct instance *instance = supervisor->instances[i];

        if (instance != changed && instance->want.goal == GOAL_RUNNING &&
            instance->is.phase == PHASE_RUNNING &&
            restarts_with(instance, changed->plan->service)) {
            instance->want.bounce = true;
            instance->record.asked_by = changed->record.asked_by;
        }
    }
}

/* Of what is new, so that a start need not write them, and none is given away that somebody asks
 * for by number. What cannot be had, the start will tell. */
static void addresses_choose(struct supervisor *supervisor, struct arena *arena, bool asked_for)
{
    for (size_t i = 0; i < supervisor->n_instances; i++) {
        const struct instance *instance = supervisor->instances[i];
        const struct plan_instance *plan = instance->plan;

        for (size_t j = 0; !instance->made && j < plan->n_endpoints; j++) {
            const struct endpoint_spec *endpoint = &plan->endpoints[j];
            bool is_asked_for = endpoint->ipv4_address || endpoint->ipv6_address;
            struct string_list addresses;

            if (is_asked_for == asked_for)
                (void)!net_addresses_of(supervisor->net, plan->name, endpoint, arena, &addresses,
                                        NULL);
        }
    }
}

/* From its beginning: a request may be repeated. */
static int plan_read(int fd, struct arena *arena, struct plan *ret_plan, struct error *err)
{
    scoped(json_release) json_t *json = NULL;
    scoped_text struct text text = {0};

    if (fd <= 0)
        return error_set(err, "none came along");
    if (lseek(fd, 0, SEEK_SET) < 0 || fd_read_all(fd, LIMIT_JSON_BYTES, &text, err) < 0)
        return error_sys(err, "read it");
    json = json_parse(text_get(&text), text.length, err);
    return json ? codec_decode(plan_codec, json, ret_plan, arena, err) : -1;
}

static int request_apply(struct supervisor *supervisor, const struct request *request,
                         struct error *err)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct plan plan = {0};
    struct changes changes;

    if (plan_read(request->plan_fd, arena, &plan, err) < 0)
        return error_wrap(err, "read plan");

    if (changes_decide(supervisor, &plan, request, arena, &changes, err) < 0)
        return -1;
    changes_bounce(supervisor, &changes);
    journal_note_up(supervisor, request);
    if (shared_apply(supervisor, &plan, arena, err) < 0)
        return -1;
    for (size_t i = 0; i < plan.n_instances; i++)
        if (instance_apply(supervisor, &plan.instances[i], &changes.items[i], request, err) < 0)
            return -1;
    addresses_choose(supervisor, arena, true);
    addresses_choose(supervisor, arena, false);
    if (net_save_addresses(supervisor->net, err) < 0)
        return -1;
    surplus_remove(supervisor, &plan, &changes);
    /* Asked for again when we die before this: the plan goes last. */
    if (records_write(supervisor, err) < 0)
        return -1;
    supervisor->finished = false; /* of a `down` that is not through yet */
    return 0;
}

/* -- the others */

static void goal_set(struct instance *instance, enum goal goal, const struct request *request)
{
    /* It is to go in any case; who stops it waits for nobody. */
    if (instance->want.yields) {
        instance->want.yields = goal == GOAL_RUNNING;
        goal = GOAL_ABSENT;
    }
    instance->want.goal = goal;
    instance->record.asked_by = command_find(request->command);
    instance->want.bounce = false;
    instance->is.stop_refused = false;
    instance->want.grace_ms = request->has_grace ? request->grace_ms : instance->plan->grace_ms;
    if (goal == GOAL_RUNNING && !(instance->plan->hook && job_is_done(instance)))
        instance_rearm(instance);
    if (goal != GOAL_RUNNING && !(instance->is.phase == PHASE_RUNNING)) {
        instance_set_message(instance, "");
        instance_set_wait(instance, "");
    }
    instance->dirty = true;
}

static void instance_bounce(struct instance *instance, const struct request *request)
{
    goal_set(instance, GOAL_RUNNING, request);
    if (instance->want.goal == GOAL_RUNNING &&
        (instance->is.phase == PHASE_RUNNING || instance->is.phase == PHASE_STARTING))
        instance->want.bounce = true;
}

static void instance_signal(struct instance *instance, const struct request *request)
{
    struct error err = {0};
    bool ends;

    if (!instance->container || instance->is.phase != PHASE_RUNNING)
        return;
    ends =
        request->signal_number == SIGKILL || request->signal_number == instance->made->stop_signal;
    if (container_signal(instance->container, request->signal_number, &err) < 0)
        log_warning("signal '%s': %s", instance->plan->name, err.text);
    else
        journal_note_kill(instance, request->signal_number, false);
    if (ends || !instance->record.sent.ends)
        instance->record.sent = (struct record_signal){
            .by = command_find(request->command), .number = request->signal_number, .ends = ends};
    /* What is meant to end it is seen by a paused one too. Nothing but SIGKILL is followed by
     * another signal: who sent it looks himself whether it has helped. */
    if (ends)
        instance->want.paused = false;
    if (request->signal_number == SIGKILL) {
        instance->record.asked_by = command_find(request->command);
        instance->want.goal = GOAL_STOPPED;
        instance->is.stop_refused = false;
        instance->is.stop_sent_ms = loop_now_ms(instance->supervisor->loop);
        instance->is.sees_stop_signal = true;
    }
    instance->dirty = true;
}

/* Stopped ones only; those that will be started again are not. */
static void instance_forget(struct instance *instance, const struct request *request)
{
    enum phase phase = instance->is.phase;

    if (phase == PHASE_STARTING || phase == PHASE_RUNNING || phase == PHASE_EXITED ||
        (phase == PHASE_DONE && decide_restarts(&instance->want, &instance->is)))
        return;
    goal_set(instance, GOAL_ABSENT, request);
}

static void instance_pause(struct instance *instance, bool paused)
{
    if (instance->is.phase != PHASE_RUNNING)
        return;
    instance->want.paused = paused;
    instance->dirty = true;
}

static void request_instance(struct instance *instance, const struct request *request)
{
    const char *command = request->command;

    if (string_eq(command, "start"))
        goal_set(instance, GOAL_RUNNING, request);
    else if (string_eq(command, "stop"))
        goal_set(instance, GOAL_STOPPED, request);
    else if (string_eq(command, "down"))
        goal_set(instance, GOAL_ABSENT, request);
    else if (string_eq(command, "restart"))
        instance_bounce(instance, request);
    else if (string_eq(command, "kill"))
        instance_signal(instance, request);
    else if (string_eq(command, "remove"))
        instance_forget(instance, request);
    else if (string_eq(command, "pause") || string_eq(command, "unpause"))
        instance_pause(instance, string_eq(command, "pause"));
}

/* To the program of another build. It adopts what is there. */
static int request_handover(struct supervisor *supervisor, const struct request *request,
                            struct error *err)
{
    if (!request->file || *request->file != '/' || access(request->file, X_OK) < 0)
        return error_set(err, "hand over: no program");
    supervisor->successor = arena_strdup(supervisor->arena, request->file);
    loop_stop(supervisor->loop);
    return records_write(supervisor, err);
}

static int request_others(struct supervisor *supervisor, const struct request *request,
                          struct error *err)
{
    if (!command_find(request->command))
        return error_set(err, "unknown request '%s'", request->command ? request->command : "");
    for (size_t i = 0; i < supervisor->n_instances; i++)
        if (request_names(request, supervisor->instances[i]))
            request_instance(supervisor->instances[i], request);
    if (string_eq(request->command, "restart") && !request->no_deps)
        for (size_t i = 0; i < supervisor->n_instances; i++)
            if (supervisor->instances[i]->want.bounce)
                dependents_bounce(supervisor, supervisor->instances[i]);
    if (string_eq(request->command, "down") && request->services.count == 0)
        supervisor->finished = true;
    return records_write(supervisor, err);
}

/* Another project has asked for networks of ours. */
static int request_share(struct supervisor *supervisor, const struct request *request,
                         struct error *err)
{
    for (size_t i = 0; i < request->services.count; i++) {
        const struct network_spec *network =
            plan_find_network(&supervisor->shared, request->services.items[i]);

        if (!network)
            return error_set(err, "there is no network '%s'", request->services.items[i]);
        if (net_share(supervisor->net, network, err) < 0)
            return -1;
    }
    supervisor->net_stale = true;
    return 0;
}

int supervisor_request(struct supervisor *supervisor, const struct request *request,
                       struct error *err)
{
    int result;

    if (string_eq(request->command, "handover"))
        return request_handover(supervisor, request, err);
    if (string_eq(request->command, "share"))
        return request_share(supervisor, request, err);
    if (string_eq(request->command, "apply"))
        result = request_apply(supervisor, request, err);
    else
        result = request_others(supervisor, request, err);
    /* Who only looks on changes nothing of it. */
    if (!supervisor->finished && !string_eq(request->command, "watch") &&
        !string_eq(request->command, "terminal"))
        standing_write(supervisor);
    return result;
}
