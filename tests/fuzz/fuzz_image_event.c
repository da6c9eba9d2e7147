/* SPDX-License-Identifier: Apache-2.0 */
/* Plays lines as a worker's events. Whatever they say, the picture of them fits the window and
 * holds nothing that steers a terminal. */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "orchestrator/cli/image/transfer_lines.h"
#include "orchestrator/cli/image/transfer_view.h"

enum { COLUMNS = 47, ROWS = 11 };

static void expect_fits(const struct transfer *transfer, uint64_t now_ms)
{
    struct transfer_view view = {.columns = COLUMNS, .rows = ROWS, .now_ms = now_ms};
    scoped_text struct text picture = {0};
    size_t width = 0, lines = 0;

    transfer_view_render(transfer, &view, &picture);
    for (const char *p = text_get(&picture); *p; p++) {
        fuzz_require((unsigned char)*p >= ' ' || *p == '\n');
        width = *p == '\n' ? 0 : width + (((unsigned char)*p & 0xc0) != 0x80);
        lines += *p == '\n';
        fuzz_require(width <= COLUMNS);
    }
    fuzz_require(lines < ROWS);
}

static void play(struct transfer *transfer, const char *line, size_t length, uint64_t now_ms)
{
    scoped_text struct text out = {0};
    struct transfer_change change;
    struct image_event event;

    if (image_event_parse(line, length, transfer->arena, &event, NULL) < 0)
        return;
    change = transfer_apply(transfer, &event, now_ms);
    transfer_tick(transfer, now_ms);
    transfer_lines_plain(transfer, &change, &out);
    transfer_lines_json(transfer, &change, &out);
    expect_fits(transfer, now_ms);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct transfer *transfer = transfer_new(arena, TRANSFER_PULL, 3);
    const char *rest = (const char *)data, *end = rest + size;
    uint64_t now_ms = 0;

    transfer_add(transfer, "docker.io/library/postgres:16", "db");
    transfer_add(transfer, "ghcr.io/acme/web:1.4", "web");
    transfer_add(transfer, "a", "a");
    while (rest < end) {
        const char *newline = memchr(rest, '\n', (size_t)(end - rest));
        const char *stop = newline ? newline : end;

        play(transfer, rest, (size_t)(stop - rest), now_ms += 300);
        rest = newline ? newline + 1 : end;
    }
    transfer_finish(transfer, "the worker ended", now_ms);
    expect_fits(transfer, now_ms);
    return 0;
}
