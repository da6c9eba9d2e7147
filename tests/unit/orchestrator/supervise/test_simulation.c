/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decide() against a fake actuator and a fake clock: seeded accidents (exits, probe results, goal
 * changes, actions that fail) over a chain of dependent instances. Whatever happens, nothing starts
 * before its dependency, nothing runs when it is to be absent, and every instance reaches its goal
 * once the accidents stop.
 */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "common/loop.h"
#include "orchestrator/supervise/decide.h"

enum { N_INSTANCES = 6, STEPS = 60000, SETTLE_ROUNDS = 20000 };

struct world {
    unsigned seed;
    uint64_t now_ms;
    struct desired want[N_INSTANCES];
    struct observed is[N_INSTANCES];
    size_t starts, actions;
    size_t fails_at; /* the number of an action that fails; 0: any may */
};

static unsigned chance(struct world *world, unsigned of)
{
    return (unsigned)rand_r(&world->seed) % of;
}

static bool alive(const struct observed *is)
{
    return is->phase == PHASE_STARTING || is->phase == PHASE_RUNNING || is->phase == PHASE_EXITED;
}

/* Instance i depends on the health of instance i - 1. */
static bool dependency_open(const struct world *world, size_t i)
{
    return i == 0 || world->want[i - 1].goal != GOAL_RUNNING ||
           (world->is[i - 1].phase == PHASE_RUNNING && world->is[i - 1].health == HEALTH_HEALTHY &&
            !world->want[i - 1].replace && !world->want[i - 1].bounce);
}

static struct links world_links(const struct world *world, size_t i)
{
    struct links links = {.dependencies = dependency_open(world, i) ? GATE_OPEN : GATE_WAIT};

    for (size_t j = i + 1; j < N_INSTANCES && j < i + 2; j++)
        links.dependents_running =
            alive(&world->is[j]) && (world->want[j].goal != GOAL_RUNNING || world->want[j].bounce ||
                                     world->want[j].replace);
    return links;
}

static void ended(struct world *world, size_t i, bool well)
{
    struct observed *is = &world->is[i];

    is->phase = PHASE_EXITED;
    is->exited_ms = world->now_ms;
    is->ended_well = well;
    is->stopped_by_us = is->stop_sent_ms || is->kill_sent_ms;
    is->health = HEALTH_NONE;
    is->probing = false;
    is->hooking = HOOK_NONE;
    is->paused = world->want[i].paused = false;
    is->retry_at_ms = 0;
}

static void started(struct world *world, size_t i)
{
    cr_assert(dependency_open(world, i), "seed %u: %zu started before its dependency", world->seed,
              i);
    world->starts++;
    world->want[i].paused = false;
    world->is[i] = (struct observed){
        .phase = PHASE_STARTING, .started_ms = world->now_ms, .restarts = world->is[i].restarts};
}

static void perform_hook(struct world *world, size_t i, enum action_kind kind)
{
    struct observed *is = &world->is[i];

    switch (kind) {
    case ACTION_POST_START:
        cr_assert_eq(is->hooking, HOOK_NONE);
        is->hooking = HOOK_POST_START;
        break;
    case ACTION_PRE_STOP:
        cr_assert_eq(is->hooking, HOOK_NONE);
        cr_assert_eq(is->stop_sent_ms, 0);
        is->hooking = HOOK_PRE_STOP;
        break;
    case ACTION_HOOK_KILL:
        is->hooking = HOOK_NONE;
        is->post_start_failed = true;
        break;
    case ACTION_STAY:
        world->want[i].goal = GOAL_RUNNING;
        world->want[i].replace = world->want[i].bounce = false;
        is->pre_stopped = 0;
        is->pre_stop_failed = false;
        break;
    default:
        break;
    }
}

static void perform_freeze(struct world *world, size_t i, bool frozen)
{
    struct observed *is = &world->is[i];

    cr_assert_eq(is->phase, PHASE_RUNNING);
    is->paused = frozen;
    is->probing = false;
    is->retry_at_ms = 0;
    is->probe_ended_ms = world->now_ms;
}

static void perform_after_exit(struct world *world, size_t i, enum action_kind kind)
{
    struct observed *is = &world->is[i];

    if (kind == ACTION_CLEAN) {
        cr_assert_eq(is->phase, PHASE_EXITED);
        is->phase = PHASE_DONE;
        is->retry_at_ms = 0;
    } else {
        is->phase = PHASE_CREATED;
        is->restarts++;
        world->want[i].bounce = false;
    }
}

static void perform_remove(struct world *world, size_t i)
{
    struct observed *is = &world->is[i];

    cr_assert(!alive(is), "seed %u: %zu removed while it ran", world->seed, i);
    *is = (struct observed){.phase = PHASE_ABSENT};
    world->want[i].replace = world->want[i].bounce = false;
}

static void perform_probe(struct world *world, size_t i)
{
    struct observed *is = &world->is[i];

    cr_assert(!is->paused, "seed %u: %zu probed while paused", world->seed, i);
    is->probing = true;
    is->probe_started_ms = world->now_ms;
}

static void perform_stop(struct world *world, size_t i)
{
    struct observed *is = &world->is[i];

    cr_assert(is->left_names || world->now_ms >= is->leaving_ms + 200);
    cr_assert_eq(is->hooking, HOOK_NONE);
    cr_assert_eq(is->pre_stopped, world->want[i].pre_stop);
    is->stop_sent_ms = world->now_ms;
    is->sees_stop_signal = chance(world, 2);
}

/* Signals do not fail. */
static bool fails(struct world *world, enum action_kind kind)
{
    world->actions++;
    if (kind == ACTION_KILL || kind == ACTION_STOP || kind == ACTION_LEAVE ||
        kind == ACTION_COME_BACK || kind == ACTION_HOOK_KILL || kind == ACTION_STAY)
        return false;
    return world->fails_at ? world->actions == world->fails_at : chance(world, 20) == 0;
}

static void perform(struct world *world, size_t i, enum action_kind kind)
{
    struct observed *is = &world->is[i];

    if (fails(world, kind)) {
        is->retry_at_ms = world->now_ms + 1 + chance(world, 500); /* it could not be done */
        return;
    }
    switch (kind) {
    case ACTION_CREATE:
        *is = (struct observed){.phase = PHASE_CREATED};
        world->want[i].replace = false;
        break;
    case ACTION_START:
        cr_assert_eq(world->want[i].goal, GOAL_RUNNING);
        started(world, i);
        break;
    case ACTION_LEAVE:
    case ACTION_COME_BACK:
        is->leaving_ms = kind == ACTION_LEAVE ? world->now_ms : 0;
        is->left_names = kind == ACTION_LEAVE && chance(world, 2);
        break;
    case ACTION_STOP:
        perform_stop(world, i);
        break;
    case ACTION_KILL:
        is->kill_sent_ms = world->now_ms;
        break;
    case ACTION_CLEAN:
    case ACTION_AGAIN:
        perform_after_exit(world, i, kind);
        break;
    case ACTION_REMOVE:
        perform_remove(world, i);
        break;
    case ACTION_FREEZE:
    case ACTION_THAW:
        perform_freeze(world, i, kind == ACTION_FREEZE);
        break;
    case ACTION_PROBE:
        perform_probe(world, i);
        break;
    case ACTION_PROBE_KILL:
        decide_probe_result(&world->want[i], is, false, world->now_ms);
        break;
    case ACTION_POST_START:
    case ACTION_PRE_STOP:
    case ACTION_HOOK_KILL:
    case ACTION_STAY:
        perform_hook(world, i, kind);
        break;
    case ACTION_FORGET:
        world->want[i].goal = GOAL_ABSENT;
        break;
    case ACTION_HAND_OVER:
        is->handed_over_ms = world->now_ms;
        break;
    case ACTION_NONE:
        break;
    }
}

/* The pass; returns when to look again. */
static uint64_t pass(struct world *world)
{
    for (int round = 0;; round++) {
        uint64_t wake_ms = NEVER;
        bool acted = false;

        cr_assert(round < 1000, "seed %u: the round spins", world->seed);
        for (size_t i = 0; i < N_INSTANCES; i++) {
            struct action next =
                decide(&world->want[i], &world->is[i], world_links(world, i), world->now_ms);

            if (next.kind != ACTION_NONE) {
                perform(world, i, next.kind);
                acted = true;
            } else if (next.wake_ms < wake_ms) {
                wake_ms = next.wake_ms;
            }
        }
        if (!acted)
            return wake_ms;
    }
}

static void hook_ended(struct observed *is, bool well)
{
    if (is->hooking == HOOK_POST_START) {
        is->post_started += well;
        is->post_start_failed = !well;
    } else {
        is->pre_stopped += well;
        is->pre_stop_failed = !well;
    }
    is->hooking = HOOK_NONE;
}

/* What the kernel does by itself: starts succeed, signals end, probes answer. */
static void nature(struct world *world, bool kind_to_us)
{
    for (size_t i = 0; i < N_INSTANCES; i++) {
        struct observed *is = &world->is[i];

        if (is->phase == PHASE_STARTING) {
            is->phase = PHASE_RUNNING;
            is->health = HEALTH_STARTING;
        } else if (is->phase == PHASE_RUNNING && is->kill_sent_ms) {
            ended(world, i, false);
        } else if (is->phase == PHASE_RUNNING && is->stop_sent_ms && is->sees_stop_signal &&
                   !is->paused && chance(world, 3) == 0) {
            ended(world, i, true);
        } else if (is->phase == PHASE_RUNNING && is->hooking != HOOK_NONE && chance(world, 2)) {
            hook_ended(is, kind_to_us || chance(world, 4) != 0);
        } else if (is->phase == PHASE_RUNNING && is->probing) {
            decide_probe_result(&world->want[i], is, kind_to_us || chance(world, 3) == 0,
                                world->now_ms);
        }
    }
}

static void accident(struct world *world)
{
    size_t i = chance(world, N_INSTANCES);

    switch (chance(world, 12)) {
    case 0:
        if (world->is[i].phase == PHASE_RUNNING)
            ended(world, i, chance(world, 2));
        break;
    case 1:
        world->want[i].goal = (enum goal)chance(world, 4);
        break;
    case 2:
        world->want[i].bounce =
            world->want[i].goal == GOAL_RUNNING && world->is[i].phase == PHASE_RUNNING;
        break;
    case 3:
        world->want[i].replace = world->is[i].phase != PHASE_ABSENT;
        break;
    case 4:
        if (world->is[i].phase == PHASE_RUNNING)
            world->want[i].paused = chance(world, 2);
        break;
    default:
        break;
    }
}

static void step(struct world *world, bool kind_to_us)
{
    uint64_t wake_ms = pass(world);

    world->now_ms += 1 + chance(world, 50);
    if (wake_ms != NEVER && chance(world, 4) == 0 && wake_ms > world->now_ms)
        world->now_ms = wake_ms;
    nature(world, kind_to_us);
}

static bool settled(const struct world *world)
{
    for (size_t i = 0; i < N_INSTANCES; i++) {
        enum phase phase = world->is[i].phase;
        bool there = world->want[i].goal == GOAL_RUNNING
                         ? phase == PHASE_RUNNING && world->is[i].health == HEALTH_HEALTHY &&
                               !world->want[i].replace && !world->want[i].bounce
                     : world->want[i].goal == GOAL_ABSENT ? phase == PHASE_ABSENT
                     : world->want[i].goal == GOAL_CREATED
                         ? !alive(&world->is[i]) && phase != PHASE_ABSENT
                         : !alive(&world->is[i]);
        if (!there)
            return false;
    }
    return true;
}

static void world_init(struct world *world, unsigned seed, size_t fails_at)
{
    *world = (struct world){.seed = seed, .now_ms = 1, .fails_at = fails_at};
    for (size_t i = 0; i < N_INSTANCES; i++) {
        world->want[i] = (struct desired){.goal = GOAL_RUNNING,
                                          .grace_ms = 1000,
                                          .restart = RESTART_ALWAYS,
                                          .restart_delay_ms = i % 2 ? -1 : 250,
                                          .has_health = true};
        world->want[i].post_start = (int)(i % 3);
        world->want[i].pre_stop = (int)(i % 2);
        world->want[i].health = (struct plan_health){
            .interval_ms = 1000, .timeout_ms = 500, .start_interval_ms = 100, .retries = 3};
    }
}

static void settle(struct world *world)
{
    for (int round = 0; round < SETTLE_ROUNDS && !settled(world); round++) {
        step(world, true);
        for (size_t i = 0; i < N_INSTANCES; i++)
            if (world->is[i].phase == PHASE_DONE)
                world->is[i].stopped_by_us = false;
    }
    cr_assert(settled(world), "seed %u, failure %zu: stuck", world->seed, world->fails_at);
}

static void simulate(unsigned seed)
{
    struct world world;

    world_init(&world, seed, 0);
    for (int i = 0; i < STEPS; i++) {
        accident(&world);
        step(&world, false);
    }
    /* A container that we stopped and whose user changed their mind starts again by a request. */
    for (size_t i = 0; i < N_INSTANCES; i++)
        world.is[i].stopped_by_us = world.want[i].paused = false;
    settle(&world);
    cr_expect_gt(world.starts, 100, "seed %u: hardly anything happened", seed);
}

/* 17 seeds of 60,000 steps: a million. */
Test(simulation, accidents_leave_no_instance_stuck_and_break_no_order)
{
    for (unsigned seed = 1; seed <= 17; seed++)
        simulate(seed);
}

/* Up, a restart, a new configuration, a stop, and down. Returns how many actions it took. */
static size_t live_a_life(size_t fails_at)
{
    struct world world;

    world_init(&world, 1, fails_at);
    settle(&world);
    for (size_t i = 0; i < N_INSTANCES; i += 2)
        world.want[i].bounce = true;
    settle(&world);
    for (size_t i = 0; i < N_INSTANCES; i += 3)
        world.want[i].replace = true;
    settle(&world);
    for (size_t i = 0; i < N_INSTANCES; i++)
        world.want[i].goal = i % 2 ? GOAL_STOPPED : GOAL_CREATED;
    settle(&world);
    for (size_t i = 0; i < N_INSTANCES; i++)
        world.want[i].goal = GOAL_ABSENT;
    settle(&world);
    return world.actions;
}

Test(simulation, whichever_action_fails_the_goal_is_reached)
{
    size_t count = live_a_life(SIZE_MAX);

    cr_assert_gt(count, 50);
    for (size_t n = 1; n <= count; n++)
        (void)live_a_life(n);
}
