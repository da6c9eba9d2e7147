/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/image/image_transfer.h"

#include "orchestrator/cli/image/image_worker.h"
#include "orchestrator/cli/image/transfer_display.h"

const char *image_transfer_item(struct arena *arena, const char *reference, const char *platform,
                                const char *digest)
{
    return arena_printf(arena, "%s%s%s%s%s", reference, platform ? ",platform=" : "",
                        platform ? platform : "", digest ? ",digest=" : "", digest ? digest : "");
}

static int on_line(void *owner, const char *line, size_t length, struct error *err)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct image_event event;

    if (image_event_parse(line, length, arena, &event, err) < 0)
        return -1;
    transfer_display_event(owner, &event);
    return 0;
}

static void on_complaint(void *owner, const char *line)
{
    transfer_display_say(owner, line);
}

static void on_tick(void *owner)
{
    transfer_display_tick(owner);
}

int image_transfer_run(struct transfer *transfer, struct string_list items, const char *data_root,
                       struct progress_mode mode, bool *ret_interrupted, struct error *err)
{
    scoped(transfer_display_free) struct transfer_display *display =
        transfer_display_new(transfer, mode);
    const struct image_worker_listener listener = {
        .line = on_line, .complaint = on_complaint, .tick = on_tick, .owner = display};
    struct string_list args = image_worker_args(
        transfer->arena, transfer->kind == TRANSFER_PUSH ? "push" : "pull", data_root);
    struct image_worker_end end = {0};
    const char *reason = "interrupted";

    string_list_add(transfer->arena, &args, "--events");
    for (size_t i = 0; i < items.count; i++)
        string_list_add(transfer->arena, &args, items.items[i]);
    if (image_worker_follow(args, &listener, &end, err) < 0) {
        transfer_display_finish(display, "the image worker failed");
        return -1;
    }
    if (!end.interrupted)
        reason =
            arena_printf(transfer->arena, "the image worker ended with status %d", end.exit_code);
    transfer_display_finish(display, reason);
    *ret_interrupted = end.interrupted;
    return 0;
}
