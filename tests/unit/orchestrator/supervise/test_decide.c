/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/supervise/decide.h"

#include <criterion/criterion.h>

#include "common/loop.h"

static const struct links NO_LINKS = {0};

static struct desired running(void)
{
    return (struct desired){.goal = GOAL_RUNNING, .grace_ms = 10000, .restart_delay_ms = -1};
}

static struct desired stopped(void)
{
    return (struct desired){.goal = GOAL_STOPPED, .grace_ms = 10000};
}

static void expect_action(struct desired want, struct observed is, uint64_t now_ms,
                          enum action_kind kind)
{
    cr_expect_eq(decide(&want, &is, NO_LINKS, now_ms).kind, kind);
}

static void expect_wake(struct desired want, struct observed is, uint64_t now_ms, uint64_t wake_ms)
{
    struct action next = decide(&want, &is, NO_LINKS, now_ms);

    cr_expect_eq(next.kind, ACTION_NONE);
    cr_expect_eq(next.wake_ms, wake_ms);
}

Test(decide, absent_is_created_then_started)
{
    expect_action(running(), (struct observed){.phase = PHASE_ABSENT}, 1, ACTION_CREATE);
    expect_action(running(), (struct observed){.phase = PHASE_CREATED}, 1, ACTION_START);
}

Test(decide, what_is_to_be_created_only_is_never_started)
{
    struct desired want = {.goal = GOAL_CREATED, .grace_ms = 10000};

    expect_action(want, (struct observed){.phase = PHASE_ABSENT}, 1, ACTION_CREATE);
    expect_wake(want, (struct observed){.phase = PHASE_CREATED}, 1, NEVER);
    expect_wake(want, (struct observed){.phase = PHASE_DONE}, 1, NEVER);
}

Test(decide, what_is_outdated_is_removed_also_when_it_is_not_to_start)
{
    struct desired want = {.goal = GOAL_CREATED, .grace_ms = 10000, .replace = true};

    expect_action(want, (struct observed){.phase = PHASE_RUNNING}, 1, ACTION_LEAVE);
    expect_action(want, (struct observed){.phase = PHASE_DONE}, 1, ACTION_REMOVE);
}

Test(decide, what_removes_itself_is_forgotten_once_it_has_ended)
{
    struct desired want = running();

    want.auto_remove = true;
    expect_action(want, (struct observed){.phase = PHASE_EXITED}, 1, ACTION_CLEAN);
    expect_action(want, (struct observed){.phase = PHASE_DONE}, 1, ACTION_FORGET);
    expect_action(want, (struct observed){.phase = PHASE_FAILED}, 1, ACTION_FORGET);
    want.goal = GOAL_STOPPED;
    expect_action(want, (struct observed){.phase = PHASE_EXITED}, 1, ACTION_CLEAN);
    expect_action(want, (struct observed){.phase = PHASE_DONE}, 1, ACTION_FORGET);
}

Test(decide, a_closed_gate_holds_the_start)
{
    struct desired want = running();
    struct observed is = {.phase = PHASE_CREATED};

    cr_expect_eq(decide(&want, &is, (struct links){.dependencies = GATE_WAIT}, 1).kind,
                 ACTION_NONE);
    cr_expect_eq(decide(&want, &is, (struct links){.dependencies = GATE_FAILED}, 1).kind,
                 ACTION_NONE);
}

Test(decide, an_action_that_failed_is_not_tried_before_its_time)
{
    struct observed is = {.phase = PHASE_CREATED, .retry_at_ms = 50};

    expect_wake(running(), is, 49, 50);
    expect_action(running(), is, 50, ACTION_START);
}

Test(decide, a_paused_container_is_frozen_and_not_probed)
{
    struct desired want = running();
    struct observed is = {.phase = PHASE_RUNNING};

    want.paused = true;
    expect_action(want, is, 1, ACTION_FREEZE);
    is.paused = true;
    want.has_health = true;
    expect_wake(want, is, 100000, NEVER);
    want.paused = false;
    expect_action(want, is, 1, ACTION_THAW);
}

Test(decide, a_paused_container_is_thawed_before_it_is_asked_to_stop)
{
    struct observed is = {.phase = PHASE_RUNNING, .paused = true};

    expect_action(stopped(), is, 1, ACTION_THAW);
    is.retry_at_ms = 1000; /* it did not thaw: it will be killed in time */
    expect_action(stopped(), is, 1, ACTION_LEAVE);
}

Test(decide, what_is_asked_to_stop_has_left_its_names_or_had_the_time_to)
{
    struct observed is = {.phase = PHASE_RUNNING, .leaving_ms = 10};

    expect_wake(stopped(), is, 11, 210);
    expect_action(stopped(), is, 210, ACTION_STOP);
    is.left_names = true;
    expect_action(stopped(), is, 11, ACTION_STOP);
}

Test(decide, what_is_not_asked_to_stop_after_all_comes_back_to_its_names)
{
    struct observed is = {.phase = PHASE_RUNNING, .leaving_ms = 10, .left_names = true};

    expect_action(running(), is, 11, ACTION_COME_BACK);
    is.stop_sent_ms = 12; /* too late */
    expect_wake(running(), is, 13, NEVER);
}

Test(decide, a_given_delay_is_kept_each_time)
{
    struct desired want = running();
    struct observed is = {
        .phase = PHASE_DONE, .started_ms = 1000, .exited_ms = 1100, .restarts = 7};

    want.restart = RESTART_ALWAYS;
    want.restart_delay_ms = 3000;
    expect_wake(want, is, 1100, 4100);
    expect_action(want, is, 4100, ACTION_AGAIN);
}

Test(decide, a_restart_has_succeeded_after_the_window)
{
    struct desired want = running();
    struct observed is = {.started_ms = 1000, .exited_ms = 3000};

    cr_expect_not(decide_stayed_up(&want, &is));
    want.restart_window_ms = 2000;
    cr_expect(decide_stayed_up(&want, &is));
}

Test(decide, hooks_run_one_by_one_after_the_start)
{
    struct desired want = running();
    struct observed is = {.phase = PHASE_RUNNING};

    want.post_start = 2;
    expect_action(want, is, 1, ACTION_POST_START);
    is.hooking = HOOK_POST_START;
    expect_wake(want, is, 1, NEVER);
    is = (struct observed){.phase = PHASE_RUNNING, .post_started = 1};
    expect_action(want, is, 1, ACTION_POST_START);
    is.post_start_failed = true;
    expect_wake(want, is, 1, NEVER);
    is = (struct observed){.phase = PHASE_RUNNING, .post_started = 2};
    expect_wake(want, is, 1, NEVER);
}

Test(decide, hooks_run_before_the_stop_signal_and_may_refuse_it)
{
    struct desired want = stopped();
    struct observed is = {.phase = PHASE_RUNNING};

    want.pre_stop = 1;
    expect_action(want, is, 1, ACTION_PRE_STOP);
    is.hooking = HOOK_PRE_STOP;
    expect_wake(want, is, 1, NEVER);
    is = (struct observed){.phase = PHASE_RUNNING, .pre_stop_failed = true};
    expect_action(want, is, 1, ACTION_STAY);
    is = (struct observed){.phase = PHASE_RUNNING, .pre_stopped = 1};
    expect_action(want, is, 1, ACTION_LEAVE);
}

Test(decide, a_kill_waits_for_no_hook)
{
    struct desired want = stopped();
    struct observed is = {.phase = PHASE_RUNNING, .hooking = HOOK_PRE_STOP};

    want.pre_stop = 1;
    want.grace_ms = 0;
    expect_action(want, is, 1, ACTION_KILL);
}

Test(decide, a_stop_ends_the_hooks_of_the_start)
{
    struct observed is = {.phase = PHASE_RUNNING, .hooking = HOOK_POST_START};

    expect_action(stopped(), is, 1, ACTION_HOOK_KILL);
}

Test(decide, stop_escalates_to_kill_after_the_grace_period)
{
    struct observed is = {.phase = PHASE_RUNNING, .stop_sent_ms = 1, .sees_stop_signal = true};

    expect_action(stopped(), (struct observed){.phase = PHASE_RUNNING}, 1, ACTION_LEAVE);
    expect_wake(stopped(), is, 2, 10001);
    expect_action(stopped(), is, 10001, ACTION_KILL);
}

Test(decide, a_process_that_cannot_see_the_stop_signal_is_killed_at_once)
{
    struct observed is = {.phase = PHASE_RUNNING, .stop_sent_ms = 1, .sees_stop_signal = false};

    expect_action(stopped(), is, 2, ACTION_KILL);
}

Test(decide, no_grace_means_kill_without_a_signal_and_without_waiting_for_dependents)
{
    struct desired want = {.goal = GOAL_STOPPED, .grace_ms = 0};
    struct observed is = {.phase = PHASE_RUNNING};

    cr_expect_eq(decide(&want, &is, (struct links){.dependents_running = true}, 1).kind,
                 ACTION_KILL);
}

Test(decide, stop_waits_for_the_dependents)
{
    struct desired want = stopped();
    struct observed is = {.phase = PHASE_RUNNING};

    cr_expect_eq(decide(&want, &is, (struct links){.dependents_running = true}, 1).kind,
                 ACTION_NONE);
}

Test(decide, a_kill_that_did_not_take_is_repeated)
{
    struct observed is = {.phase = PHASE_RUNNING, .stop_sent_ms = 1, .kill_sent_ms = 100};

    expect_wake(stopped(), is, 101, 2100);
    expect_action(stopped(), is, 2100, ACTION_KILL);
}

Test(decide, an_exited_container_is_cleaned_whatever_the_goal)
{
    struct desired absent = {.goal = GOAL_ABSENT, .grace_ms = 1};
    struct observed is = {.phase = PHASE_EXITED};

    expect_action(running(), is, 1, ACTION_CLEAN);
    expect_action(stopped(), is, 1, ACTION_CLEAN);
    expect_action(absent, is, 1, ACTION_CLEAN);
}

Test(decide, removal_follows_the_end)
{
    struct desired absent = {.goal = GOAL_ABSENT, .grace_ms = 1};

    expect_action(absent, (struct observed){.phase = PHASE_DONE}, 1, ACTION_REMOVE);
    expect_action(absent, (struct observed){.phase = PHASE_CREATED}, 1, ACTION_REMOVE);
    expect_action(absent, (struct observed){.phase = PHASE_FAILED}, 1, ACTION_REMOVE);
    expect_wake(absent, (struct observed){.phase = PHASE_ABSENT}, 1, NEVER);
}

Test(decide, a_replaced_container_is_stopped_and_removed_first)
{
    struct desired want = running();

    want.replace = true;
    expect_action(want, (struct observed){.phase = PHASE_RUNNING}, 1, ACTION_LEAVE);
    expect_action(want, (struct observed){.phase = PHASE_DONE}, 1, ACTION_REMOVE);
}

Test(decide, a_bounce_stops_and_starts_again_without_back_off)
{
    struct desired want = running();

    want.bounce = true;
    expect_action(want, (struct observed){.phase = PHASE_RUNNING}, 1, ACTION_LEAVE);
    expect_action(want,
                  (struct observed){.phase = PHASE_DONE, .exited_ms = 1, .stopped_by_us = true}, 1,
                  ACTION_AGAIN);
}

Test(decide, many_short_lives_in_a_row_are_a_crash_loop_while_it_is_down)
{
    struct desired want = running();
    struct observed is = {
        .phase = PHASE_DONE, .started_ms = 1000, .exited_ms = 1100, .restarts = 6};

    want.restart = RESTART_ALWAYS;
    cr_expect(decide_crash_loops(&want, &is));
    is.phase = PHASE_RUNNING;
    cr_expect_not(decide_crash_loops(&want, &is), "it has its chance");
    is.phase = PHASE_CREATED;
    cr_expect(decide_crash_loops(&want, &is));
    is.restarts = 5;
    cr_expect_not(decide_crash_loops(&want, &is), "it may have come too early");
    is.restarts = 6;
    is.exited_ms = 60000;
    cr_expect_not(decide_crash_loops(&want, &is), "it has stayed up");
    is.exited_ms = 1100;
    is.stopped_by_us = true;
    cr_expect_not(decide_crash_loops(&want, &is));
    is.stopped_by_us = false;
    want.restart = RESTART_NO;
    cr_expect_not(decide_crash_loops(&want, &is), "it ends once");
}

Test(decide, restart_policies_look_at_how_it_ended)
{
    struct desired want = running();
    struct observed failed = {.phase = PHASE_DONE, .ended_well = false, .failures = 2};
    struct observed well = {.phase = PHASE_DONE, .ended_well = true};

    want.restart = RESTART_NO;
    cr_expect_not(decide_restarts(&want, &failed));
    want.restart = RESTART_ALWAYS;
    cr_expect(decide_restarts(&want, &well));
    want.restart = RESTART_UNLESS_STOPPED;
    cr_expect(decide_restarts(&want, &failed));
    want.restart = RESTART_ON_FAILURE;
    cr_expect(decide_restarts(&want, &failed));
    cr_expect_not(decide_restarts(&want, &well));
    want.restart_max = 2;
    cr_expect_not(decide_restarts(&want, &failed));
    want.restart_max = 3;
    cr_expect(decide_restarts(&want, &failed));
}

Test(decide, what_we_stopped_is_not_restarted)
{
    struct desired want = running();
    struct observed is = {.phase = PHASE_DONE, .stopped_by_us = true};

    want.restart = RESTART_ALWAYS;
    cr_expect_not(decide_restarts(&want, &is));
    expect_wake(want, is, 100000, NEVER);
}

Test(decide, restarts_back_off_twice_as_long_each_time_up_to_a_minute)
{
    struct desired want = running();
    struct observed is = {.phase = PHASE_DONE, .started_ms = 1000, .exited_ms = 1001};

    want.restart = RESTART_ALWAYS;
    expect_wake(want, is, 1001, 1101);
    expect_action(want, is, 1101, ACTION_AGAIN);
    is.restarts = 3;
    expect_wake(want, is, 1001, 1801);
    is.restarts = 30;
    expect_wake(want, is, 1001, 61001);
}

Test(decide, ten_seconds_of_life_forget_the_back_off)
{
    struct desired want = running();
    struct observed is = {
        .phase = PHASE_DONE, .started_ms = 1000, .exited_ms = 11000, .restarts = 30};

    want.restart = RESTART_ALWAYS;
    expect_wake(want, is, 11000, 11100);
}

static struct desired checked(void)
{
    struct desired want = running();

    want.has_health = true;
    want.health = (struct plan_health){
        .interval_ms = 30000, .timeout_ms = 5000, .start_interval_ms = 5000, .retries = 3};
    return want;
}

Test(decide, the_first_probe_does_not_wait_for_an_interval)
{
    struct observed is = {.phase = PHASE_RUNNING, .started_ms = 1000, .health = HEALTH_STARTING};

    expect_wake(checked(), is, 1000, 1050);
    expect_action(checked(), is, 1050, ACTION_PROBE);
}

Test(decide, a_probe_that_hangs_is_killed_at_its_timeout)
{
    struct observed is = {.phase = PHASE_RUNNING,
                          .started_ms = 1000,
                          .health = HEALTH_STARTING,
                          .probing = true,
                          .probe_started_ms = 2000};

    expect_wake(checked(), is, 2001, 7000);
    expect_action(checked(), is, 7000, ACTION_PROBE_KILL);
}

Test(decide, early_failures_do_not_count_and_a_success_makes_healthy)
{
    struct desired want = checked();
    struct observed is = {.phase = PHASE_RUNNING, .started_ms = 1000, .health = HEALTH_STARTING};

    for (int i = 0; i < 10; i++)
        decide_probe_result(&want, &is, false, 2000);
    cr_expect_eq(is.health, HEALTH_STARTING);
    cr_expect_eq(is.probe_failures, 0);
    decide_probe_result(&want, &is, true, 3000);
    cr_expect_eq(is.health, HEALTH_HEALTHY);
}

Test(decide, retries_failures_in_a_row_make_unhealthy_and_one_success_heals)
{
    struct desired want = checked();
    struct observed is = {.phase = PHASE_RUNNING, .started_ms = 1000, .health = HEALTH_HEALTHY};

    decide_probe_result(&want, &is, false, 40000);
    decide_probe_result(&want, &is, false, 70000);
    cr_expect_eq(is.health, HEALTH_HEALTHY);
    decide_probe_result(&want, &is, false, 100000);
    cr_expect_eq(is.health, HEALTH_UNHEALTHY);
    decide_probe_result(&want, &is, true, 130000);
    cr_expect_eq(is.health, HEALTH_HEALTHY);
    cr_expect_eq(is.probe_failures, 0);
}

Test(decide, healthy_containers_are_probed_each_interval)
{
    struct observed is = {.phase = PHASE_RUNNING,
                          .started_ms = 1000,
                          .health = HEALTH_HEALTHY,
                          .probes = 1,
                          .probe_ended_ms = 5000};

    expect_wake(checked(), is, 6000, 35000);
    expect_action(checked(), is, 35000, ACTION_PROBE);
}

Test(decide, the_start_period_does_not_count_failures)
{
    struct desired want = checked();
    struct observed is = {.phase = PHASE_RUNNING, .started_ms = 1000, .health = HEALTH_STARTING};

    want.health.start_period_ms = 120000;
    decide_probe_result(&want, &is, false, 100000);
    cr_expect_eq(is.probe_failures, 0);
    decide_probe_result(&want, &is, false, 121001);
    cr_expect_eq(is.probe_failures, 1);
}

Test(decide, what_yields_runs_on_until_its_successors_are_ready)
{
    struct desired want = {.goal = GOAL_ABSENT, .yields = true, .grace_ms = 10000};
    struct observed is = {.phase = PHASE_RUNNING};
    struct links waits = {.successors = GATE_WAIT}, failed = {.successors = GATE_FAILED};
    struct links ready = {.successors = GATE_OPEN};

    cr_expect_eq(decide(&want, &is, waits, 1).kind, ACTION_NONE);
    cr_expect_eq(decide(&want, &is, failed, 1).kind, ACTION_NONE);
    cr_expect_eq(decide(&want, &is, ready, 1).kind, ACTION_HAND_OVER);
    /* Once asked to stop, or ended by itself, it goes. */
    is.stop_sent_ms = 1;
    cr_expect_eq(decide(&want, &is, failed, 20000).kind, ACTION_KILL);
    is = (struct observed){.phase = PHASE_EXITED};
    cr_expect_eq(decide(&want, &is, waits, 1).kind, ACTION_CLEAN);
}

Test(decide, what_has_yielded_stops_a_moment_later_whatever_becomes_of_its_successors)
{
    struct desired want = {.goal = GOAL_ABSENT, .yields = true, .grace_ms = 10000};
    struct observed is = {.phase = PHASE_RUNNING, .handed_over_ms = 1000};
    struct links failed = {.successors = GATE_FAILED};

    cr_expect_eq(decide(&want, &is, failed, 1000).kind, ACTION_NONE);
    cr_expect_eq(decide(&want, &is, failed, 1000).wake_ms, 1500);
    cr_expect_eq(decide(&want, &is, failed, 1500).kind, ACTION_LEAVE);
    want.pre_stop = 1;
    cr_expect_eq(decide(&want, &is, failed, 1500).kind, ACTION_PRE_STOP);
}
