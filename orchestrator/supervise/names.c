/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/supervise/names.h"

#include "common/fd.h"
#include "orchestrator/supervise/supervisor_state.h"

static enum name_rank rank_of(const struct instance *instance)
{
    const struct observed *is = &instance->is;

    if (is->phase != PHASE_RUNNING || is->leaving_ms || is->stop_sent_ms || is->kill_sent_ms ||
        is->handed_over_ms)
        return NAME_HIDDEN;
    return instance->want.has_health && is->health != HEALTH_HEALTHY ? NAME_STARTING : NAME_READY;
}

void names_follow(struct instance *instance)
{
    net_set_rank(instance->supervisor->net, instance->plan->name, rank_of(instance));
}

void names_leave(struct instance *instance, uint64_t since_ms)
{
    instance->is.leaving_ms = since_ms;
    instance->is.left_names = instance->names_asked = false;
    names_follow(instance);
    instance->supervisor->net_stale = true;
}

static bool is_leaving(const struct instance *instance)
{
    return instance->is.leaving_ms && !instance->is.left_names;
}

/* Those who left before the question was asked have left. */
static void on_names_told(void *owner)
{
    struct supervisor *supervisor = owner;

    names_close(supervisor);
    for (size_t i = 0; i < supervisor->n_instances; i++) {
        struct instance *instance = supervisor->instances[i];

        instance->is.left_names |= instance->names_asked;
        instance->names_asked = false;
    }
}

bool names_settle(struct supervisor *supervisor)
{
    size_t leaving = 0;
    int fd;

    for (size_t i = 0; i < supervisor->n_instances; i++)
        leaving += is_leaving(supervisor->instances[i]);
    /* One question at a time; what could not be told yet is told by the next pass. */
    if (leaving == 0 || supervisor->names_watch || !net_fence(supervisor->net, &fd))
        return false;
    for (size_t i = 0; i < supervisor->n_instances; i++)
        supervisor->instances[i]->names_asked = is_leaving(supervisor->instances[i]);
    if (fd < 0) {
        on_names_told(supervisor);
        return true;
    }
    supervisor->names_fd = fd;
    supervisor->names_watch =
        fd_watch_new(supervisor->loop, fd, FD_READABLE, on_names_told, supervisor);
    return false;
}

void names_close(struct supervisor *supervisor)
{
    fd_watch_free(steal(supervisor->names_watch));
    fd_close(steal_fd(&supervisor->names_fd));
}
