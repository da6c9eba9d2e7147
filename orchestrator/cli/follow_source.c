/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/follow_source.h"

#include "common/memory.h"

enum { LOOK_MS = 100 };

struct follow_source {
    struct loop *loop;
    struct fd_watch *fd_watch; /* or */
    struct timer *timer;
    void (*ready)(void *owner);
    void *owner;
};

static void on_timer(void *owner)
{
    struct follow_source *watch = owner;

    timer_arm_at(watch->timer, loop_now_ms(watch->loop) + LOOK_MS);
    watch->ready(watch->owner);
}

struct follow_source *follow_source_new(struct loop *loop, int fd, void (*ready)(void *owner),
                                        void *owner)
{
    struct follow_source *watch = memory_new(struct follow_source);

    watch->loop = loop;
    watch->ready = ready;
    watch->owner = owner;
    if (fd >= 0) {
        watch->fd_watch = fd_watch_new(loop, fd, FD_READABLE, ready, owner);
    } else {
        watch->timer = timer_new(loop, on_timer, watch);
        timer_arm_at(watch->timer, loop_now_ms(loop) + LOOK_MS);
    }
    return watch;
}

void follow_source_free(struct follow_source *watch)
{
    if (!watch)
        return;
    fd_watch_free(watch->fd_watch);
    timer_free(watch->timer);
    free(watch);
}
