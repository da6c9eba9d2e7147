/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/logs/log_ring.h"

#include <stdlib.h>

#include "common/memory.h"
#include "common/text.h"

struct slot {
    struct log_line line; /* its text points into `text` only when it is handed out */
    enum line_level level;
    struct text text;
};

/* The memory of a slot serves many lines; one that held a giant is given back. */
enum { SLOT_KEPT_BYTES = 4096 };

struct log_ring {
    struct slot *slots;
    size_t n_slots; /* that were made; grows up to max_lines */
    size_t max_lines, first, n_lines;
    size_t n_bytes;
    bool lost;
};

struct log_ring *log_ring_new(size_t max_lines)
{
    struct log_ring *ring = memory_new(struct log_ring);

    ring->max_lines = max_lines < LOG_RING_LINES_MAX ? max_lines : LOG_RING_LINES_MAX;
    return ring;
}

void log_ring_free(struct log_ring *ring)
{
    if (!ring)
        return;
    for (size_t i = 0; i < ring->n_slots; i++)
        text_done(&ring->slots[i].text);
    free(ring->slots);
    free(ring);
}

static struct slot *drop_first(struct log_ring *ring)
{
    struct slot *slot = &ring->slots[ring->first];

    ring->first = (ring->first + 1) % ring->n_slots;
    ring->n_lines--;
    ring->n_bytes -= slot->text.length;
    return slot;
}

/* More slots while the ring is not as large as it may be; it is unrolled for that. */
static void grow(struct log_ring *ring)
{
    size_t n = ring->n_slots < 8 ? 8 : ring->n_slots * 2;
    struct slot *slots;

    if (n > ring->max_lines)
        n = ring->max_lines;
    slots = memory_resize(NULL, n, sizeof(*slots));
    for (size_t i = 0; i < n; i++)
        slots[i] =
            i < ring->n_slots ? ring->slots[(ring->first + i) % ring->n_slots] : (struct slot){0};
    free(ring->slots);
    ring->slots = slots;
    ring->n_slots = n;
    ring->first = 0;
}

void log_ring_push(struct log_ring *ring, const struct log_line *line, enum line_level level)
{
    struct slot *slot;

    if (ring->max_lines == 0) {
        ring->lost = true;
        return;
    }
    while (ring->n_lines > 0 && (ring->n_lines == ring->max_lines ||
                                 ring->n_bytes + line->length > LOG_RING_BYTES_MAX)) {
        (void)drop_first(ring);
        ring->lost = true;
    }
    if (ring->n_lines == ring->n_slots)
        grow(ring);
    slot = &ring->slots[(ring->first + ring->n_lines) % ring->n_slots];
    if (slot->text.capacity > SLOT_KEPT_BYTES)
        text_done(&slot->text);
    slot->line = *line;
    slot->level = level;
    text_clear(&slot->text);
    text_append_bytes(&slot->text, line->text, line->length);
    ring->n_bytes += line->length;
    ring->n_lines++;
}

bool log_ring_pop(struct log_ring *ring, struct log_line *ret_line, enum line_level *ret_level)
{
    const struct slot *slot;

    if (ring->n_lines == 0)
        return false;
    slot = drop_first(ring);
    *ret_line = slot->line;
    ret_line->text = text_get(&slot->text);
    *ret_level = slot->level;
    return true;
}

bool log_ring_lost(struct log_ring *ring)
{
    bool lost = ring->lost;

    ring->lost = false;
    return lost;
}
