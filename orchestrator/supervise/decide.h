/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What to do next with one instance: a pure function of what is wanted, what is, the neighbours and
 * the time.
 *
 * No I/O, no clock, no allocation. Up, stop, down, restart, replacement, Ctrl-C and recovery after
 * a crash differ only in the goal. Times are in ms on the loop's clock; 0 means "not yet".
 *
 *     ABSENT -create-> CREATED -start-> STARTING -report-> RUNNING -exit-> EXITED -clean-> DONE
 * -remove-> ABSENT ^                  '-- report of failure --> FAILED          |
 *                         '---------------- again (restart policy, up) -----------------'
 */
#ifndef YAWL_ORCHESTRATOR_SUPERVISE_DECIDE_H
#define YAWL_ORCHESTRATOR_SUPERVISE_DECIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "orchestrator/plan/plan.h"
#include "orchestrator/state/record.h"

enum goal {
    GOAL_ABSENT,
    GOAL_STOPPED, /* without a process, if it exists */
    GOAL_RUNNING,
    GOAL_CREATED, /* exists, and is not started */
};

struct desired {
    enum goal goal;
    bool replace; /* what exists was made from an older plan: stop and remove it first */
    bool yields;  /* with GOAL_ABSENT: it runs on until those that take its place are ready */
    bool renew;   /* a replacement begins with empty anonymous volumes */
    bool bounce;  /* stop, then start again; cleared by ACTION_AGAIN */
    bool paused;  /* frozen while it runs */
    int post_start, pre_stop; /* how many hooks there are */
    bool auto_remove;         /* it goes when it has ended */
    int64_t grace_ms;
    enum restart_kind restart;
    int restart_max;           /* of on-failure; 0: no limit */
    int64_t restart_delay_ms;  /* the same each time; -1: growing */
    int64_t restart_window_ms; /* alive so long, earlier troubles are forgotten; 0: ten seconds */
    bool has_health;
    struct plan_health health; /* args are not looked at */
};

enum hook_kind { HOOK_NONE, HOOK_POST_START, HOOK_PRE_STOP };

struct observed {
    enum phase phase;
    uint64_t started_ms, exited_ms;
    uint64_t leaving_ms; /* when its names were told to lead to it no longer */
    bool left_names;     /* and they do not */
    uint64_t stop_sent_ms, kill_sent_ms;
    bool paused;
    bool sees_stop_signal;   /* process 1 catches or blocks it; known once stop was sent */
    bool ended_well;         /* exit status 0 */
    bool stopped_by_us;      /* the exit followed our stop: no restart policy applies */
    uint64_t handed_over_ms; /* when it yielded names and ports to those that take its place */
    int restarts;            /* in a row, since it last stayed up */
    int failures;            /* in a row, for on-failure:N */
    int create_tries;        /* that failed */
    uint64_t retry_at_ms;    /* nothing is tried before; set by an action that could not be done */

    enum hook_kind hooking;        /* what runs now */
    int post_started, pre_stopped; /* hooks that are done, of this start and of this stop */
    bool post_start_failed;        /* no further one runs */
    bool pre_stop_failed;          /* the stop is off */
    bool stop_refused;             /* it was, and nothing else has been asked for since */

    enum health health;
    bool probing;
    uint64_t probe_started_ms, probe_ended_ms;
    int probe_failures; /* counted, in a row */
    int probes;         /* since the start */
};

enum gate { GATE_OPEN, GATE_WAIT, GATE_FAILED };

struct links {
    enum gate dependencies;  /* may it start? */
    bool dependents_running; /* must it wait with stopping? */
    enum gate successors;    /* are those that take its place ready? */
};

enum action_kind {
    ACTION_NONE,
    ACTION_CREATE, /* directories, FIFOs, record */
    ACTION_START,
    ACTION_HAND_OVER,  /* names and ports are those of its successors from now on */
    ACTION_LEAVE,      /* names lead to it no longer, before it is asked to stop */
    ACTION_COME_BACK,  /* it is not asked after all */
    ACTION_STOP,       /* send the stop signal */
    ACTION_POST_START, /* the next hook */
    ACTION_PRE_STOP,
    ACTION_HOOK_KILL,
    ACTION_STAY, /* a hook has failed: it is not stopped */
    ACTION_KILL,
    ACTION_CLEAN,  /* cgroup and network of a container that ended */
    ACTION_AGAIN,  /* from DONE to CREATED, by the restart policy or a bounce */
    ACTION_FORGET, /* it has ended and is to be removed: the goal is ABSENT from now on */
    ACTION_REMOVE,
    ACTION_FREEZE,
    ACTION_THAW,
    ACTION_PROBE,
    ACTION_PROBE_KILL,
};

struct action {
    enum action_kind kind;
    uint64_t wake_ms; /* with ACTION_NONE: when to look again, or NEVER */
};

struct action decide(const struct desired *want, const struct observed *is, struct links links,
                     uint64_t now_ms);

/* Whether the restart policy starts it again after this exit. */
bool decide_restarts(const struct desired *want, const struct observed *is);

/* How long after its exit. */
uint64_t decide_restart_delay_ms(const struct desired *want, const struct observed *is);

/* Whether it has ended as often in a row as makes waiting for it pointless, although it is started
 * again. */
bool decide_crash_loops(const struct desired *want, const struct observed *is);

/* Whether it lived so long that earlier restarts are forgotten. */
bool decide_stayed_up(const struct desired *want, const struct observed *is);

/* Whether a failed probe counts now, and what health follows from a probe's result. */
void decide_probe_result(const struct desired *want, struct observed *is, bool passed,
                         uint64_t now_ms);

#endif
