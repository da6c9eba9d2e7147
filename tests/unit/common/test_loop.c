/* SPDX-License-Identifier: Apache-2.0 */
#include "common/loop.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <unistd.h>

struct fixture {
    struct loop *loop;
    struct fd_watch *watch;
    struct timer *timer;
    int fired, passes;
};

static void on_timer(void *owner)
{
    struct fixture *fixture = owner;

    fixture->fired++;
    loop_stop(fixture->loop);
}

static void on_pass(void *owner)
{
    struct fixture *fixture = owner;

    fixture->passes++;
}

Test(loop, the_pass_runs_before_every_sleep)
{
    struct fixture fixture = {.loop = loop_new()};

    fixture.timer = timer_new(fixture.loop, on_timer, &fixture);
    loop_set_pass(fixture.loop, on_pass, &fixture);
    timer_arm_at(fixture.timer, loop_now_ms(fixture.loop));
    loop_run(fixture.loop);
    cr_expect_eq(fixture.fired, 1);
    cr_expect_geq(fixture.passes, 1);
    timer_free(fixture.timer);
    loop_free(fixture.loop);
}

static void on_readable_free_self(void *owner)
{
    struct fixture *fixture = owner;

    fixture->fired++;
    fd_watch_free(steal(fixture->watch));
    loop_stop(fixture->loop);
}

Test(loop, a_watch_may_be_freed_in_its_own_callback)
{
    struct fixture fixture = {.loop = loop_new()};
    int fds[2];

    cr_assert_eq(pipe2(fds, O_CLOEXEC), 0);
    cr_assert_eq(write(fds[1], "x", 1), 1);
    fixture.watch =
        fd_watch_new(fixture.loop, fds[0], FD_READABLE, on_readable_free_self, &fixture);
    loop_run(fixture.loop);
    cr_expect_eq(fixture.fired, 1);
    loop_free(fixture.loop);
}

Test(loop, may_be_stopped_without_having_run)
{
    struct loop *loop = loop_new();
    struct timer *timer = timer_new(loop, NULL, NULL);

    loop_stop(loop);
    timer_free(timer);
    loop_free(loop);
}
