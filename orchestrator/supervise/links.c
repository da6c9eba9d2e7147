/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the neighbours stand: what an instance waits for, and what waits for it. Everything is
 * derived anew from what is; nothing is remembered, so a dependency that recovers opens its gate
 * again.
 */
#include <string.h>

#include "orchestrator/state/record_words.h"
#include "orchestrator/supervise/journal_note.h"
#include "orchestrator/supervise/networks.h"
#include "orchestrator/supervise/supervisor_state.h"

static bool instance_has_process(const struct instance *instance)
{
    enum phase phase = instance->is.phase;

    return phase == PHASE_STARTING || phase == PHASE_RUNNING || phase == PHASE_EXITED;
}

static bool instance_on_its_way(const struct instance *instance)
{
    enum phase phase = instance->is.phase;

    return instance->want.replace || instance->want.bounce || phase == PHASE_ABSENT ||
           phase == PHASE_CREATED || phase == PHASE_STARTING ||
           ((phase == PHASE_EXITED || phase == PHASE_DONE) &&
            decide_restarts(&instance->want, &instance->is));
}

static enum gate gate_healthy(const struct instance *target)
{
    if (target->is.phase != PHASE_RUNNING)
        return GATE_FAILED;
    if (target->is.health == HEALTH_HEALTHY)
        return GATE_OPEN;
    return target->is.health == HEALTH_STARTING ? GATE_WAIT : GATE_FAILED;
}

/* How far one instance of the dependency is. */
static enum gate gate_of(const struct instance *target, int condition)
{
    if (target->want.goal != GOAL_RUNNING)
        return GATE_OPEN; /* stopped by its user: not ours to wait for */
    if (target->is.phase == PHASE_FAILED ||
        (target->record.blocked && !target->want.replace && target->is.phase == PHASE_CREATED))
        return GATE_FAILED;
    /* It may recover, but not soon: who waits is told at once. */
    if (condition != PLAN_STARTED && !target->want.replace && !target->want.bounce &&
        decide_crash_loops(&target->want, &target->is))
        return GATE_FAILED;
    if (instance_on_its_way(target))
        return GATE_WAIT;
    if (target->is.phase == PHASE_RUNNING && target->is.post_started < target->want.post_start)
        return target->is.post_start_failed ? GATE_FAILED : GATE_WAIT;
    if (condition == PLAN_HEALTHY)
        return gate_healthy(target);
    if (condition == PLAN_COMPLETED) {
        if (target->is.phase != PHASE_DONE)
            return GATE_WAIT;
        return target->is.ended_well ? GATE_OPEN : GATE_FAILED;
    }
    return GATE_OPEN;
}

static const char *const waits[] = {"to start", "to be healthy", "to complete"};

/* What keeps it from what is waited for, as far as it is known. */
static void wait_reason(const struct plan_dependency *dependency, const struct instance *target,
                        struct text *out)
{
    const struct record_probe *probe = &target->record.probe;

    if (dependency->condition == PLAN_HEALTHY && target->is.phase == PHASE_RUNNING &&
        probe->count > 0 && probe->wait_status != 0) {
        text_append(out, ": ");
        record_probe_words(probe, out);
        return;
    }
    text_appendf(out, " %s", waits[dependency->condition]);
    if (target->is.restarts > 0)
        text_appendf(out, ": exited (%d), restarted %d times", record_exit_code(&target->record),
                     target->is.restarts);
}

static void failure_reason(const struct plan_dependency *dependency, const struct instance *target,
                           struct text *out)
{
    const char *name = target->plan->name;
    int exit_code = record_exit_code(&target->record);

    if (target->is.phase == PHASE_FAILED)
        text_appendf(out, "dependency failed to start: %s", name);
    else if (target->record.blocked && target->is.phase == PHASE_CREATED)
        text_appendf(out, "dependency is blocked: %s", name);
    else if (decide_crash_loops(&target->want, &target->is))
        text_appendf(out,
                     "dependency failed to start: container %s is in a crash loop: exited (%d)",
                     name, exit_code);
    else if (target->plan->hook)
        text_appendf(out, "service \"%s\": pre_start hook %s exited with status %d",
                     target->plan->service, name, exit_code);
    else if (dependency->condition == PLAN_COMPLETED)
        text_appendf(out, "service \"%s\" didn't complete successfully: exit %d",
                     dependency->service, exit_code);
    else if (target->is.post_start_failed)
        text_appendf(out, "dependency failed to start: container %s: %s", name,
                     text_get(&target->message));
    else if (target->is.phase == PHASE_RUNNING)
        text_appendf(out, "dependency failed to start: container %s is unhealthy", name);
    else
        text_appendf(out, "dependency failed to start: container %s exited (%d)", name, exit_code);
}

static void gate_describe(struct instance *instance, const struct plan_dependency *dependency,
                          const struct instance *target, enum gate gate)
{
    scoped_text struct text text = {0};

    if (gate == GATE_WAIT) {
        text_appendf(&text, "waits for %s", dependency->service);
        wait_reason(dependency, target, &text);
    } else {
        failure_reason(dependency, target, &text);
    }
    instance_set_message(instance, text_get(&text));
    instance_set_wait(instance, target->plan->name);
}

static void gate_describe_network(struct instance *instance, const char *network)
{
    scoped_text struct text text = {0};

    text_appendf(&text, "waits for network '%s' to be made anew", network);
    journal_note_wait(instance, network, "to be made anew");
    instance_set_message(instance, text_get(&text));
    instance_set_wait(instance, "");
}

/* Of a service, its replicas. */
static bool is_depended_on(const struct instance *target, const struct plan_dependency *dependency)
{
    const struct plan_instance *plan = target->plan;

    if (dependency->by_name)
        return string_eq(plan->name, dependency->service);
    return !plan->oneoff && !plan->hook && string_eq(plan->service, dependency->service);
}

/* What keeps an instance from starting. */
struct obstacle {
    enum gate gate;
    const struct plan_dependency *dependency;
    const struct instance *target;
};

/* The worst of the dependency's instances, the first of equals. */
static struct obstacle obstacle_of(struct supervisor *supervisor,
                                   const struct plan_dependency *dependency)
{
    struct obstacle worst = {.gate = GATE_OPEN, .dependency = dependency};

    for (size_t i = 0; i < supervisor->n_instances; i++) {
        const struct instance *target = supervisor->instances[i];
        enum gate gate;

        if (!is_depended_on(target, dependency))
            continue;
        gate = gate_of(target, dependency->condition);
        if (gate > worst.gate) {
            worst.gate = gate;
            worst.target = target;
        }
    }
    if (worst.gate == GATE_FAILED && !dependency->required)
        worst.gate = GATE_OPEN;
    return worst;
}

static enum gate dependencies_gate(struct supervisor *supervisor, struct instance *instance)
{
    const char *network = networks_stale_of(supervisor, instance);
    struct obstacle worst = {.gate = network ? GATE_WAIT : GATE_OPEN};

    for (size_t i = 0; i < instance->plan->n_dependencies && worst.gate != GATE_FAILED; i++) {
        struct obstacle next = obstacle_of(supervisor, &instance->plan->dependencies[i]);

        if (next.gate == GATE_WAIT)
            journal_note_wait(instance, next.target->plan->name, waits[next.dependency->condition]);
        if (next.gate > worst.gate)
            worst = next;
    }
    if (worst.target) {
        gate_describe(instance, worst.dependency, worst.target, worst.gate);
    } else if (network) {
        gate_describe_network(instance, network);
    } else {
        instance_set_message(instance, "");
        instance_set_wait(instance, "");
    }
    if (instance->record.blocked != (worst.gate == GATE_FAILED)) {
        instance->record.blocked = worst.gate == GATE_FAILED;
        instance->dirty = true;
    }
    return worst.gate;
}

static bool depends_on(const struct instance *instance, const char *service)
{
    for (size_t i = 0; i < instance->plan->n_dependencies; i++)
        if (string_eq(instance->plan->dependencies[i].service, service))
            return true;
    return false;
}

/* Only those that are being stopped too: `stop db` alone does not wait for its clients. */
static bool dependents_stopping(struct supervisor *supervisor, const struct instance *instance)
{
    for (size_t i = 0; i < supervisor->n_instances; i++) {
        const struct instance *other = supervisor->instances[i];

        if (other != instance && instance_has_process(other) &&
            (other->want.goal != GOAL_RUNNING || other->want.bounce || other->want.replace) &&
            depends_on(other, instance->plan->service))
            return true;
    }
    return false;
}

/* Those that take its place: without any, nothing is to be waited for. */
static enum gate successors_gate(struct supervisor *supervisor, const struct instance *instance)
{
    enum gate worst = GATE_OPEN;

    for (size_t i = 0; i < supervisor->n_instances; i++) {
        const struct instance *other = supervisor->instances[i];
        enum gate gate;

        if (!instance_succeeds(other, instance))
            continue;
        gate = gate_of(other, other->want.has_health ? PLAN_HEALTHY : PLAN_STARTED);
        if (gate > worst)
            worst = gate;
    }
    return worst;
}

struct links links_of(struct supervisor *supervisor, struct instance *instance)
{
    struct links links = {0};

    if (instance->want.goal == GOAL_RUNNING && instance->is.phase == PHASE_CREATED)
        links.dependencies = dependencies_gate(supervisor, instance);
    if (instance_has_process(instance) &&
        (instance->want.goal != GOAL_RUNNING || instance->want.bounce || instance->want.replace))
        links.dependents_running = dependents_stopping(supervisor, instance);
    if (instance->want.yields && instance->is.phase == PHASE_RUNNING)
        links.successors = successors_gate(supervisor, instance);
    return links;
}
