/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/supervise/unreaped.h"

#include <stdlib.h>
#include <sys/wait.h>

#include "common/fd.h"
#include "common/memory.h"

enum { ASK_MS = 100 };

struct dead {
    struct dead *next;
    int pidfd;
};

struct unreaped {
    struct loop *loop;
    struct timer *timer;
    struct dead *first;
};

/* Also when somebody else has reaped it. */
static bool is_reaped(int pidfd)
{
    siginfo_t info = {0};

    return waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED | WNOHANG) < 0 || info.si_pid != 0;
}

static void on_time_to_ask(void *owner)
{
    struct unreaped *unreaped = owner;

    for (struct dead **at = &unreaped->first; *at;) {
        struct dead *dead = *at;

        if (!is_reaped(dead->pidfd)) {
            at = &dead->next;
            continue;
        }
        *at = dead->next;
        fd_close(dead->pidfd);
        free(dead);
    }
    if (unreaped->first)
        timer_arm_at(unreaped->timer, loop_now_ms(unreaped->loop) + ASK_MS);
}

struct unreaped *unreaped_new(struct loop *loop)
{
    struct unreaped *unreaped = memory_new(struct unreaped);

    unreaped->loop = loop;
    unreaped->timer = timer_new(loop, on_time_to_ask, unreaped);
    return unreaped;
}

void unreaped_free(struct unreaped *unreaped)
{
    if (!unreaped)
        return;
    timer_free(unreaped->timer);
    for (struct dead *dead = unreaped->first, *next; dead; dead = next) {
        next = dead->next;
        fd_close(dead->pidfd);
        free(dead);
    }
    free(unreaped);
}

void unreaped_take(struct unreaped *unreaped, int take_pidfd)
{
    struct dead *dead;

    if (take_pidfd < 0)
        return;
    if (is_reaped(take_pidfd)) {
        fd_close(take_pidfd);
        return;
    }
    dead = memory_new(struct dead);
    *dead = (struct dead){.next = unreaped->first, .pidfd = take_pidfd};
    unreaped->first = dead;
    timer_arm_at(unreaped->timer, loop_now_ms(unreaped->loop) + ASK_MS);
}
