/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/phases.h"

#include "common/process.h"

struct phases phases_start(struct arena *arena)
{
    return (struct phases){.arena = arena, .ended_ns = clock_monotonic_ns()};
}

void phases_add(struct phases *phases, const struct request_phase *phase)
{
    if (!phases)
        return;
    if (phase->ended_ns > phases->ended_ns)
        phases->ended_ns = phase->ended_ns;
    if (phases->count == PHASES_MAX)
        return;
    phases->items = arena_room(phases->arena, phases->items, phases->count);
    phases->items[phases->count++] = *phase;
}

void phases_next(struct phases *phases, const char *kind)
{
    phases_add(phases, &(struct request_phase){.kind = kind,
                                               .began_ns = phases->ended_ns,
                                               .ended_ns = clock_monotonic_ns()});
}
