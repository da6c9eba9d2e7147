/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The event loop, over libuv; common/loop.c is libuv's one home.
 *
 * Sources report: a watch's callback re-reads the truth and returns. The pass runs once before
 * every sleep, however many sources fired, and acts. A watch or timer may be freed at any time,
 * also in its own callback; no callback of it runs afterwards. Watches never own their descriptor.
 */
#ifndef YAWL_COMMON_LOOP_H
#define YAWL_COMMON_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/error.h"

struct loop;

struct loop *loop_new(void);
/* Every watch and timer must have been freed before. */
void loop_free(struct loop *loop);
DEFINE_SCOPED(struct loop *, loop_free)

/* Runs until loop_stop(). */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);
/* CLOCK_MONOTONIC in ms, read once per round. */
uint64_t loop_now_ms(struct loop *loop);
/* Called once before every sleep; NULL removes it. */
void loop_set_pass(struct loop *loop, void (*pass)(void *owner), void *owner);

enum { FD_READABLE = 1, FD_WRITABLE = 2 };

struct fd_watch;
/* Level-triggered. Hang-up and error are reported as readable. */
struct fd_watch *fd_watch_new(struct loop *loop, int fd, int events, void (*ready)(void *owner),
                              void *owner);
void fd_watch_set_events(struct fd_watch *watch, int events);
void fd_watch_free(struct fd_watch *watch);
DEFINE_SCOPED(struct fd_watch *, fd_watch_free)

#define NEVER UINT64_MAX

struct timer;
struct timer *timer_new(struct loop *loop, void (*due)(void *owner), void *owner);
/* Absolute, on loop_now_ms()'s clock; NEVER disarms. Fires once. */
void timer_arm_at(struct timer *timer, uint64_t when_ms);
void timer_free(struct timer *timer);
DEFINE_SCOPED(struct timer *, timer_free)

struct signal_watch;
/* The callback runs in the loop, not in signal context. */
struct signal_watch *signal_watch_new(struct loop *loop, int signal_number,
                                      void (*raised)(void *owner), void *owner);
void signal_watch_free(struct signal_watch *watch);
DEFINE_SCOPED(struct signal_watch *, signal_watch_free)

#endif
