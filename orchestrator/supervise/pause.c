/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Freezing a container's processes and letting them go on. What is wanted is on disk before the
 * kernel is told, and telling it twice does no harm.
 */
#include "orchestrator/supervise/pause.h"

#include "common/log.h"
#include "orchestrator/supervise/journal_note.h"
#include "orchestrator/supervise/probe.h"

enum { FREEZE_RETRY_MS = 1000 };

void instance_freeze(struct instance *instance, bool frozen, uint64_t now_ms)
{
    struct error err = {0};

    /* A frozen probe would run out of its time; killing works on frozen processes. */
    if (frozen)
        probe_drop(instance);
    if (container_freeze(instance->container, frozen, &err) < 0) {
        instance_set_message(instance, err.text);
        log_warning("'%s': %s", instance->plan->name, err.text);
        instance->want.paused = false;
        instance->is.retry_at_ms = now_ms + FREEZE_RETRY_MS;
    } else {
        instance->is.paused = frozen;
        journal_note(instance, frozen ? EVENT_PAUSE : EVENT_UNPAUSE);
        instance->is.retry_at_ms = 0;
        instance->is.probe_ended_ms = now_ms;
    }
    instance->dirty = true;
}
