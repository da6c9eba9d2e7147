/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libuv closes handles asynchronously: the memory must stay until its close callback. A freed watch
 * is therefore cut from its owner at once (no callback runs any more) and its memory goes when
 * libuv says so.
 */
#include "common/loop.h"

#include <stdlib.h>

#include <uv.h>

struct loop {
    uv_loop_t uv;
    uv_prepare_t prepare;
    void (*pass)(void *owner);
    void *owner;
};

static void *loop_calloc(size_t size)
{
    void *memory = calloc(1, size);

    if (!memory)
        abort();
    return memory;
}

static void handle_closed(uv_handle_t *handle)
{
    free(handle->data);
}

/* uv_handle_t is the first member's base of every handle; data names the memory to free. */
static void handle_close(void *handle, void *memory)
{
    uv_handle_t *base = handle;

    base->data = memory;
    uv_close(base, handle_closed);
}

struct loop *loop_new(void)
{
    struct loop *loop = loop_calloc(sizeof(*loop));

    if (uv_loop_init(&loop->uv) < 0)
        abort();
    (void)uv_prepare_init(&loop->uv, &loop->prepare);
    loop->prepare.data = loop;
    return loop;
}

static void prepare_closed(uv_handle_t *handle)
{
    (void)handle;
}

void loop_free(struct loop *loop)
{
    if (!loop)
        return;
    uv_close((uv_handle_t *)&loop->prepare, prepare_closed);
    /* A stop that found the loop not running ends the first run at once. */
    if (uv_run(&loop->uv, UV_RUN_DEFAULT) != 0)
        (void)uv_run(&loop->uv, UV_RUN_DEFAULT);
    if (uv_loop_close(&loop->uv) < 0)
        abort(); /* a watch outlived the loop */
    free(loop);
}

void loop_run(struct loop *loop)
{
    (void)uv_run(&loop->uv, UV_RUN_DEFAULT);
}

void loop_stop(struct loop *loop)
{
    uv_stop(&loop->uv);
}

uint64_t loop_now_ms(struct loop *loop)
{
    return uv_now(&loop->uv);
}

static void loop_prepared(uv_prepare_t *prepare)
{
    struct loop *loop = prepare->data;

    /* Callbacks may have taken a while; decisions are made on the time of now. */
    uv_update_time(&loop->uv);
    if (loop->pass)
        loop->pass(loop->owner);
}

void loop_set_pass(struct loop *loop, void (*pass)(void *owner), void *owner)
{
    loop->pass = pass;
    loop->owner = owner;
    if (pass)
        (void)uv_prepare_start(&loop->prepare, loop_prepared);
    else
        (void)uv_prepare_stop(&loop->prepare);
}

struct fd_watch {
    uv_poll_t uv;
    void (*ready)(void *owner);
    void *owner;
};

static void fd_watch_fired(uv_poll_t *uv, int status, int events)
{
    struct fd_watch *watch = uv->data;

    (void)status; /* hang-up and error are seen by whoever reads */
    (void)events;
    watch->ready(watch->owner);
}

struct fd_watch *fd_watch_new(struct loop *loop, int fd, int events, void (*ready)(void *owner),
                              void *owner)
{
    struct fd_watch *watch = loop_calloc(sizeof(*watch));

    if (uv_poll_init(&loop->uv, &watch->uv, fd) < 0)
        abort(); /* only for descriptors that cannot be polled: our own mistake */
    watch->uv.data = watch;
    watch->ready = ready;
    watch->owner = owner;
    fd_watch_set_events(watch, events);
    return watch;
}

void fd_watch_set_events(struct fd_watch *watch, int events)
{
    int wanted = (events & FD_READABLE ? UV_READABLE | UV_DISCONNECT : 0) |
                 (events & FD_WRITABLE ? UV_WRITABLE : 0);

    if (wanted)
        (void)uv_poll_start(&watch->uv, wanted, fd_watch_fired);
    else
        (void)uv_poll_stop(&watch->uv);
}

void fd_watch_free(struct fd_watch *watch)
{
    if (!watch)
        return;
    (void)uv_poll_stop(&watch->uv);
    handle_close(&watch->uv, watch);
}

struct timer {
    uv_timer_t uv;
    struct loop *loop;
    void (*due)(void *owner);
    void *owner;
};

static void timer_fired(uv_timer_t *uv)
{
    struct timer *timer = uv->data;

    timer->due(timer->owner);
}

struct timer *timer_new(struct loop *loop, void (*due)(void *owner), void *owner)
{
    struct timer *timer = loop_calloc(sizeof(*timer));

    (void)uv_timer_init(&loop->uv, &timer->uv);
    timer->uv.data = timer;
    timer->loop = loop;
    timer->due = due;
    timer->owner = owner;
    return timer;
}

void timer_arm_at(struct timer *timer, uint64_t when_ms)
{
    uint64_t now_ms = uv_now(&timer->loop->uv);

    if (when_ms == NEVER)
        (void)uv_timer_stop(&timer->uv);
    else
        (void)uv_timer_start(&timer->uv, timer_fired, when_ms > now_ms ? when_ms - now_ms : 0, 0);
}

void timer_free(struct timer *timer)
{
    if (!timer)
        return;
    (void)uv_timer_stop(&timer->uv);
    handle_close(&timer->uv, timer);
}

struct signal_watch {
    uv_signal_t uv;
    void (*raised)(void *owner);
    void *owner;
};

static void signal_fired(uv_signal_t *uv, int signal_number)
{
    struct signal_watch *watch = uv->data;

    (void)signal_number;
    watch->raised(watch->owner);
}

struct signal_watch *signal_watch_new(struct loop *loop, int signal_number,
                                      void (*raised)(void *owner), void *owner)
{
    struct signal_watch *watch = loop_calloc(sizeof(*watch));

    (void)uv_signal_init(&loop->uv, &watch->uv);
    watch->uv.data = watch;
    watch->raised = raised;
    watch->owner = owner;
    (void)uv_signal_start(&watch->uv, signal_fired, signal_number);
    return watch;
}

void signal_watch_free(struct signal_watch *watch)
{
    if (!watch)
        return;
    (void)uv_signal_stop(&watch->uv);
    handle_close(&watch->uv, watch);
}
