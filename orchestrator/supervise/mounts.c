/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/supervise/mounts.h"

#include "common/fd.h"
#include "runtime/kept_root.h"

void mounts_init(struct instance *instance)
{
    instance->root = kept_root_new();
    for (size_t i = 0; i < ARRAY_LENGTH(instance->ended_mounts); i++)
        instance->ended_mounts[i] = -1;
}

void mounts_done(struct instance *instance)
{
    mounts_settle(instance);
    kept_root_free(instance->root);
}

/* Also of one that was told meanwhile not to come back by itself: one root at a time. */
struct kept_root *mounts_kept_root(struct instance *instance)
{
    bool comes_back_by_itself = instance->want.restart != RESTART_NO;

    return comes_back_by_itself || kept_root_is_held(instance->root) ? instance->root : NULL;
}

void mounts_settle(struct instance *instance)
{
    for (size_t i = 0; i < ARRAY_LENGTH(instance->ended_mounts); i++)
        fd_close(steal_fd(&instance->ended_mounts[i]));
}

void mounts_drop(struct instance *instance)
{
    mounts_settle(instance);
    kept_root_drop(instance->root);
}

void mounts_leave(struct instance *instance)
{
    if (instance->want.bounce)
        return;
    mounts_settle(instance);
    container_take_mounts(instance->container, instance->ended_mounts);
    mounts_drop(instance);
}

static bool comes_back(const struct instance *instance)
{
    return instance->want.bounce || decide_restarts(&instance->want, &instance->is);
}

static bool comes_back_at_once(const struct instance *instance)
{
    return instance->want.bounce || decide_restart_delay_ms(&instance->want, &instance->is) == 0;
}

/* While the root is kept, no other mount of it is in the way of the next start. Else an overlay
 * must be gone before there is another with the same upper directory. */
void mounts_clean(struct instance *instance)
{
    mounts_settle(instance);
    if (!comes_back(instance))
        mounts_drop(instance);
    else if (instance->container && kept_root_is_held(instance->root) &&
             comes_back_at_once(instance))
        container_take_mounts(instance->container, instance->ended_mounts);
}

void mounts_sweep(struct supervisor *supervisor)
{
    for (size_t i = 0; i < supervisor->n_instances; i++) {
        struct instance *instance = supervisor->instances[i];

        if (!instance->container && instance->want.goal != GOAL_RUNNING)
            mounts_drop(instance);
    }
}
