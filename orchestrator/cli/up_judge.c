/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When `up` has reached what it was asked for: a look at the records.
 */
#include "common/process.h"
#include "orchestrator/cli/up.h"
#include "orchestrator/cli/watch/watch.h"
#include "orchestrator/state/record_words.h"
#include "orchestrator/supervise/decide.h"

/* Without a health check, staying up this long is what can be known of being up. */
enum { STAYS_UP_MS = 500 };

static bool is_waited_for(const struct plan *plan, const char *service)
{
    for (size_t i = 0; i < plan->n_instances; i++)
        for (size_t j = 0; j < plan->instances[i].n_dependencies; j++)
            if (plan->instances[i].dependencies[j].condition == PLAN_COMPLETED &&
                string_eq(plan->instances[i].dependencies[j].service, service))
                return true;
    return false;
}

static bool has_stayed_up(const struct record *record)
{
    return record->has_health ||
           clock_realtime_ns() >= record->started_ns + (uint64_t)STAYS_UP_MS * 1000000;
}

static bool record_has_failed(const struct record *record)
{
    return record->phase == PHASE_FAILED || record->blocked || record->hook_failed ||
           record->stop_refused;
}

static enum verdict judge_trouble(const struct record *record, struct error *err)
{
    scoped_text struct text words = {0};

    record_trouble_words(record, &words);
    (void)error_set(err, "%s", text_get(&words));
    return VERDICT_FAILED;
}

/* One container of `up -d` and `up --wait`. */
static enum verdict judge_detached(const struct up *up, const struct record *record,
                                   struct error *err)
{
    bool ended = record->phase == PHASE_EXITED || record->phase == PHASE_DONE;

    if (record->pending || record->hooks_pending)
        return VERDICT_WAIT;
    if (record_has_failed(record)) {
        (void)error_set(err, "%s",
                        record->message ? record->message : "a container could not be started");
        return VERDICT_FAILED;
    }
    if (record->phase == PHASE_RUNNING && !up->wait)
        return VERDICT_DONE;
    if (up->no_start && record->phase != PHASE_ABSENT)
        return VERDICT_DONE;
    if ((up->wait && record->crash_loop) ||
        (record->phase == PHASE_RUNNING && record->health == HEALTH_UNHEALTHY))
        return judge_trouble(record, err);
    if (record->phase == PHASE_RUNNING)
        return record->health == HEALTH_STARTING || !has_stayed_up(record) ? VERDICT_WAIT
                                                                           : VERDICT_DONE;
    if (!ended || (up->wait && record->will_restart))
        return VERDICT_WAIT;
    /* A job that ended well is done. */
    if (up->wait && record_exit_code(record) != 0)
        return judge_trouble(record, err);
    if (record_exit_code(record) != 0 && is_waited_for(up->plan, record->service))
        return record->phase == PHASE_DONE ? VERDICT_DONE : VERDICT_WAIT;
    return VERDICT_DONE;
}

/* What an older one is to yield to, and will not: it stays. */
static bool takes_over_badly(const struct record *record, struct error *err)
{
    bool bad = record->health == HEALTH_UNHEALTHY || record->restarts > 0 || record->will_restart ||
               record->phase == PHASE_DONE;

    if (bad)
        (void)judge_trouble(record, err);
    return bad;
}

/* A failure is told once nothing else is on its way, with the container at the root of it first. */
static enum verdict judge_all_detached(struct follow *follow, struct up *up, struct error *err)
{
    enum verdict worst = VERDICT_DONE;
    struct error first = {0}, other = {0};
    bool yielding = false;

    /* Replicas and orphans that are to go; some only after the new ones have come. */
    for (size_t i = 0; i < follow_count(follow); i++) {
        if (follow_record(follow, i)->goal == GOAL_ABSENT && !follow_record(follow, i)->yields)
            return VERDICT_WAIT;
        yielding = yielding || follow_record(follow, i)->yields;
    }
    for (size_t i = 0; i < up->plan->n_instances; i++) {
        const char *name = up->plan->instances[i].name;
        const struct record *record = follow_find(follow, name);
        enum verdict verdict;

        if (!record && follow_ended(follow)) {
            (void)error_set(err, "the project was taken down");
            return VERDICT_FAILED;
        }
        if (!record)
            return VERDICT_WAIT;
        verdict = judge_detached(up, record, record->blocked ? &other : &first);
        if (verdict == VERDICT_DONE && yielding && takes_over_badly(record, &first))
            verdict = VERDICT_FAILED;
        if (verdict == VERDICT_WAIT ||
            (verdict == VERDICT_FAILED && !(record->blocked && *first.text)))
            up->awaited = name;
        if (verdict == VERDICT_WAIT)
            return VERDICT_WAIT;
        if (verdict > worst)
            worst = verdict;
    }
    *err = *first.text ? first : other;
    return worst == VERDICT_DONE && yielding ? VERDICT_WAIT : worst;
}

static bool record_is_over(const struct record *record)
{
    return (record->phase == PHASE_DONE && !record->will_restart && !record->pending) ||
           record->phase == PHASE_FAILED || (record->phase == PHASE_CREATED && record->blocked) ||
           (record->phase <= PHASE_CREATED && !record->wanted);
}

static bool up_aborts(const struct up *up, const struct record *record)
{
    if (record->phase != PHASE_DONE || record->will_restart || record->hook)
        return false;
    return up->exit_code_from || up->abort_on_exit ||
           (up->abort_on_failure && record_exit_code(record) != 0);
}

/* With nothing to show, all of them are waited for. */
static bool is_awaited(const struct up *up, const struct record *record)
{
    return up->attached.count == 0 || string_list_has(&up->attached, record->name);
}

/* Something may still come of it without anybody doing anything. */
static bool record_is_under_way(const struct record *record)
{
    return record->pending || record->hooks_pending || record->phase == PHASE_STARTING ||
           (record->phase <= PHASE_CREATED && record->wanted && !record->blocked) ||
           (record->phase == PHASE_RUNNING && record->health == HEALTH_STARTING);
}

/* A start that cannot be completed is an end, although others run on; they stay. */
static enum verdict judge_attached(struct follow *follow, struct up *up, struct error *err)
{
    bool over = true, blocked = false, under_way = false;

    for (size_t i = 0; i < up->plan->n_instances; i++) {
        const struct record *record = follow_find(follow, up->plan->instances[i].name);

        if (!record && !follow_ended(follow) && !follow_stopping(follow))
            return VERDICT_WAIT;
        if (!record)
            continue;
        if (!up->aborting && up_aborts(up, record)) {
            up->aborting = true;
            up->exit_code = record_exit_code(record);
            return VERDICT_DONE;
        }
        if (record_has_failed(record)) {
            (void)error_set(err, "%s", record->message ? record->message : "");
            up->exit_code = 1;
            up->awaited = up->plan->instances[i].name;
            if (record->hook_failed || record->stop_refused)
                return VERDICT_FAILED;
        }
        over = over && (!is_awaited(up, record) || record_is_over(record));
        blocked = blocked || record->blocked;
        under_way = under_way || record_is_under_way(record);
    }
    if (!over && (!blocked || under_way || follow_stopping(follow)))
        return VERDICT_WAIT;
    return up->exit_code && !up->aborting ? VERDICT_FAILED : VERDICT_DONE;
}

enum verdict up_judge(struct follow *follow, void *owner, struct error *err)
{
    struct up *up = owner;

    if (up->watching)
        watch_look(up->watching);
    if (up->detach)
        return judge_all_detached(follow, up, err);
    return judge_attached(follow, up, err);
}
