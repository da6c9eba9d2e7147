/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/supervise/autopsy.h"

#include <stdio.h>

/* The name of a process is any bytes; a record is text. */
static void name_keep(struct instance *instance, const char *name)
{
    size_t length = 0;

    for (; name[length] && length < sizeof(instance->oom_process) - 1; length++)
        instance->oom_process[length] =
            name[length] < 0x20 || name[length] > 0x7e ? '?' : name[length];
    instance->oom_process[length] = '\0';
}

static void memory_look(struct instance *instance)
{
    struct record_end *end = &instance->record.end;
    struct container_memory memory;
    char id[300];

    (void)snprintf(id, sizeof(id), "%s.%d", instance->made->name, instance->record.starts);
    container_memory_read(instance->container, instance->made->container.cgroup_parent, id,
                          &memory);
    end->memory_limit_bytes = memory.limit_bytes;
    end->memory_peak_bytes = memory.peak_bytes;
    name_keep(instance, memory.victim.name);
    if (*instance->oom_process)
        end->oom_process = instance->oom_process;
    end->oom_process_bytes = memory.victim.bytes;
}

void autopsy(struct instance *instance)
{
    struct record *record = &instance->record;

    record->end = (struct record_end){.started_ns = record->started_ns,
                                      .signal = record->sent,
                                      .largest_bytes = instance->largest_bytes};
    record->oom_killed = instance->container && container_oom_killed(instance->container);
    if (record->oom_killed)
        memory_look(instance);
}
