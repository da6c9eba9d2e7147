/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/supervise/decide.h"

#include "common/loop.h"

/* Docker's numbers (restartmanager): 100 ms doubling to a minute, forgotten after ten seconds of
 * life. */
enum { BACKOFF_FIRST_MS = 100, BACKOFF_MAX_MS = 60000, STAYED_UP_MS = 10000 };

/*
 * So many restarts in a row are a loop, not a start that came too early: their delays add up to six
 * seconds, in which what a program may have missed, a database say, has come up.
 */
enum { CRASH_LOOP_RESTARTS = 6 };

/* A container that was killed is looked at again this often, in case the kill did not take. */
enum { KILL_AGAIN_MS = 2000 };

/* How long a stop waits at most for the net worker, which hears within a millisecond that a name
 * leads there no longer. */
enum { LEAVE_MS = 200 };

/* Between the hand-over to those that take its place and the stop: what it was asked until then is
 * answered by it. What takes longer has its time in a pre_stop hook. */
enum { HAND_OVER_MS = 500 };

/*
 * Before the first probe is due by the file's interval, health is asked for eagerly, so that what
 * waits for it does not wait for a whole interval. These probes can only find it healthy: failures
 * do not count.
 */
enum { EAGER_FIRST_MS = 50, EAGER_MAX_MS = 1000 };

static struct action act(enum action_kind kind)
{
    return (struct action){.kind = kind, .wake_ms = NEVER};
}

static struct action sleep_until(uint64_t wake_ms)
{
    return (struct action){.kind = ACTION_NONE, .wake_ms = wake_ms};
}

/* The action when its time has come, else a sleep until then. */
static struct action act_at(enum action_kind kind, uint64_t due_ms, uint64_t now_ms)
{
    return now_ms >= due_ms ? act(kind) : sleep_until(due_ms);
}

bool decide_restarts(const struct desired *want, const struct observed *is)
{
    if (is->stopped_by_us || want->goal != GOAL_RUNNING)
        return false;
    switch (want->restart) {
    case RESTART_ALWAYS:
    case RESTART_UNLESS_STOPPED:
        return true;
    case RESTART_ON_FAILURE:
        return !is->ended_well && (want->restart_max == 0 || is->failures < want->restart_max);
    case RESTART_NO:
        break;
    }
    return false;
}

bool decide_stayed_up(const struct desired *want, const struct observed *is)
{
    uint64_t enough_ms =
        want->restart_window_ms > 0 ? (uint64_t)want->restart_window_ms : STAYED_UP_MS;

    return is->exited_ms - is->started_ms >= enough_ms;
}

uint64_t decide_restart_delay_ms(const struct desired *want, const struct observed *is)
{
    uint64_t delay_ms = BACKOFF_FIRST_MS;

    if (want->restart_delay_ms >= 0)
        return (uint64_t)want->restart_delay_ms;
    if (decide_stayed_up(want, is))
        return delay_ms;
    for (int i = 0; i < is->restarts && delay_ms < BACKOFF_MAX_MS; i++)
        delay_ms *= 2;
    return delay_ms < BACKOFF_MAX_MS ? delay_ms : BACKOFF_MAX_MS;
}

bool decide_crash_loops(const struct desired *want, const struct observed *is)
{
    bool down = is->phase == PHASE_EXITED || is->phase == PHASE_DONE || is->phase == PHASE_CREATED;

    return down && is->restarts >= CRASH_LOOP_RESTARTS && decide_restarts(want, is) &&
           !decide_stayed_up(want, is);
}

static bool in_start_period(const struct desired *want, const struct observed *is, uint64_t now_ms)
{
    return is->health == HEALTH_STARTING &&
           now_ms < is->started_ms + (uint64_t)want->health.start_period_ms;
}

/* When the next probe is due by the file. */
static uint64_t probe_due_ms(const struct desired *want, const struct observed *is)
{
    uint64_t from_ms = is->probe_ended_ms ? is->probe_ended_ms : is->started_ms;
    bool early = in_start_period(want, is, from_ms);

    return from_ms + (uint64_t)(early ? want->health.start_interval_ms : want->health.interval_ms);
}

/* The first due probe of the file lies a whole interval after the start. */
static bool is_eager(const struct desired *want, const struct observed *is, uint64_t now_ms)
{
    return is->health == HEALTH_STARTING &&
           now_ms < is->started_ms + (uint64_t)want->health.interval_ms;
}

static uint64_t eager_due_ms(const struct observed *is)
{
    uint64_t delay_ms = EAGER_FIRST_MS;

    for (int i = 0; i < is->probes && delay_ms < EAGER_MAX_MS; i++)
        delay_ms *= 2;
    if (delay_ms > EAGER_MAX_MS)
        delay_ms = EAGER_MAX_MS;
    return (is->probe_ended_ms ? is->probe_ended_ms : is->started_ms) + delay_ms;
}

static struct action decide_health(const struct desired *want, const struct observed *is,
                                   uint64_t now_ms)
{
    uint64_t due_ms;

    if (!want->has_health)
        return sleep_until(NEVER);
    if (is->probing)
        return act_at(ACTION_PROBE_KILL, is->probe_started_ms + (uint64_t)want->health.timeout_ms,
                      now_ms);
    due_ms = probe_due_ms(want, is);
    if (is_eager(want, is, now_ms) && eager_due_ms(is) < due_ms)
        due_ms = eager_due_ms(is);
    if (due_ms < is->retry_at_ms)
        due_ms = is->retry_at_ms;
    return act_at(ACTION_PROBE, due_ms, now_ms);
}

void decide_probe_result(const struct desired *want, struct observed *is, bool passed,
                         uint64_t now_ms)
{
    bool counts = !in_start_period(want, is, now_ms) && !is_eager(want, is, now_ms);

    is->probing = false;
    is->probe_ended_ms = now_ms;
    is->probes++;
    if (passed) {
        is->health = HEALTH_HEALTHY;
        is->probe_failures = 0;
    } else if (counts && ++is->probe_failures >= want->health.retries) {
        is->health = HEALTH_UNHEALTHY;
    }
}

/* The hooks before the stop, one by one, then it leaves its names, then the stop signal. */
static struct action decide_ask(const struct desired *want, const struct observed *is,
                                uint64_t now_ms)
{
    if (is->hooking == HOOK_POST_START)
        return act(ACTION_HOOK_KILL); /* nobody waits for it any more */
    if (is->hooking != HOOK_NONE)
        return sleep_until(NEVER);
    if (is->pre_stop_failed)
        return act(ACTION_STAY);
    if (is->pre_stopped < want->pre_stop)
        return act(ACTION_PRE_STOP);
    if (!is->leaving_ms)
        return act(ACTION_LEAVE);
    return is->left_names ? act(ACTION_STOP)
                          : act_at(ACTION_STOP, is->leaving_ms + LEAVE_MS, now_ms);
}

/* Towards a container that has no process and is cleaned up. */
static struct action decide_stop(const struct desired *want, const struct observed *is,
                                 struct links links, uint64_t now_ms)
{
    uint64_t grace_ms = (uint64_t)(want->grace_ms > 0 ? want->grace_ms : 0);

    if (is->phase == PHASE_EXITED)
        return act_at(ACTION_CLEAN, is->retry_at_ms, now_ms);
    if (is->phase != PHASE_STARTING && is->phase != PHASE_RUNNING)
        return sleep_until(NEVER);
    if (is->kill_sent_ms)
        return act_at(ACTION_KILL, is->kill_sent_ms + KILL_AGAIN_MS, now_ms);
    if (grace_ms == 0)
        return act(ACTION_KILL);
    if (links.dependents_running)
        return sleep_until(NEVER);
    if (is->phase == PHASE_STARTING)
        return sleep_until(NEVER); /* the report comes within milliseconds */
    if (is->paused && now_ms >= is->retry_at_ms)
        return act(ACTION_THAW); /* to run hooks and to see the signal; what cannot be thawed is
                                    killed in time */
    if (!is->stop_sent_ms)
        return decide_ask(want, is, now_ms);
    /* Process 1 is immune to signals that it does not handle: waiting would be for nothing. */
    if (!is->sees_stop_signal)
        return act(ACTION_KILL);
    return act_at(ACTION_KILL, is->stop_sent_ms + grace_ms, now_ms);
}

static bool has_process(const struct observed *is)
{
    return is->phase == PHASE_STARTING || is->phase == PHASE_RUNNING || is->phase == PHASE_EXITED;
}

static struct action decide_remove(const struct desired *want, const struct observed *is,
                                   struct links links, uint64_t now_ms)
{
    if (has_process(is))
        return decide_stop(want, is, links, now_ms);
    if (is->phase == PHASE_ABSENT)
        return sleep_until(NEVER);
    return act_at(ACTION_REMOVE, is->retry_at_ms, now_ms);
}

/* Paused, health is not asked for. */
static struct action decide_alive(const struct desired *want, const struct observed *is,
                                  uint64_t now_ms)
{
    if (is->leaving_ms && !is->stop_sent_ms)
        return act(ACTION_COME_BACK);
    if (want->paused != is->paused)
        return act_at(want->paused ? ACTION_FREEZE : ACTION_THAW, is->retry_at_ms, now_ms);
    if (is->paused)
        return sleep_until(NEVER);
    if (is->hooking == HOOK_NONE && !is->post_start_failed && is->post_started < want->post_start)
        return act(ACTION_POST_START);
    return decide_health(want, is, now_ms);
}

static struct action decide_run(const struct desired *want, const struct observed *is,
                                struct links links, uint64_t now_ms)
{
    switch (is->phase) {
    case PHASE_ABSENT:
        return act_at(ACTION_CREATE, is->retry_at_ms, now_ms);
    case PHASE_CREATED:
        if (links.dependencies != GATE_OPEN)
            return sleep_until(NEVER);
        return act_at(ACTION_START, is->retry_at_ms, now_ms);
    case PHASE_RUNNING:
        return decide_alive(want, is, now_ms);
    case PHASE_EXITED:
        return act_at(ACTION_CLEAN, is->retry_at_ms, now_ms);
    case PHASE_DONE:
        if (want->auto_remove)
            return act(ACTION_FORGET);
        if (!decide_restarts(want, is))
            return sleep_until(NEVER);
        return act_at(ACTION_AGAIN, is->exited_ms + decide_restart_delay_ms(want, is), now_ms);
    case PHASE_FAILED:
        if (want->auto_remove)
            return act(ACTION_FORGET);
        break;
    case PHASE_STARTING:
        break;
    }
    return sleep_until(NEVER);
}

/* It runs on until those that take its place are ready, and a moment longer. */
static struct action decide_yield(const struct desired *want, const struct observed *is,
                                  struct links links, uint64_t now_ms)
{
    if (!is->handed_over_ms && links.successors != GATE_OPEN)
        return decide_alive(want, is, now_ms);
    if (!is->handed_over_ms)
        return act(ACTION_HAND_OVER);
    if (now_ms < is->handed_over_ms + HAND_OVER_MS)
        return sleep_until(is->handed_over_ms + HAND_OVER_MS);
    return decide_remove(want, is, links, now_ms);
}

struct action decide(const struct desired *want, const struct observed *is, struct links links,
                     uint64_t now_ms)
{
    bool is_to_be = want->goal == GOAL_RUNNING || want->goal == GOAL_CREATED;

    if (want->goal == GOAL_ABSENT && want->yields && is->phase == PHASE_RUNNING &&
        !is->stop_sent_ms)
        return decide_yield(want, is, links, now_ms);
    if (want->goal == GOAL_ABSENT || (is_to_be && want->replace))
        return decide_remove(want, is, links, now_ms);
    if (want->goal == GOAL_CREATED && is->phase == PHASE_ABSENT)
        return act_at(ACTION_CREATE, is->retry_at_ms, now_ms);
    if (want->goal == GOAL_CREATED)
        return decide_stop(want, is, links, now_ms);
    if (want->goal == GOAL_STOPPED && want->auto_remove && !has_process(is))
        return act(ACTION_FORGET);
    if (want->goal == GOAL_STOPPED || (want->bounce && has_process(is)))
        return decide_stop(want, is, links, now_ms);
    if (want->bounce)
        return act(ACTION_AGAIN);
    return decide_run(want, is, links, now_ms);
}
