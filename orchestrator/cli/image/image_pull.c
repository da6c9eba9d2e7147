/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/image/image_pull.h"

#include <unistd.h>

#include "common/fd.h"
#include "orchestrator/cli/image/image_transfer.h"
#include "orchestrator/cli/image/transfer_lines.h"

enum { NS_PER_MS = 1000000 };

struct pull {
    struct transfer *transfer;
    struct string_list items;
};

static void say_shared(const struct image_need *need, const struct transfer_image *first,
                       struct progress_mode mode)
{
    scoped_text struct text why = {0}, line = {0};

    if (mode.form != PROGRESS_PLAIN && mode.form != PROGRESS_JSON)
        return;
    text_appendf(&why, "Image is already being pulled by %s", first->label);
    transfer_lines_skipped(need->label, text_get(&why), mode.form == PROGRESS_JSON, &line);
    (void)!fd_write_all(STDERR_FILENO, line.data, line.length);
}

static void pull_add(struct pull *pull, struct image_need *need, struct progress_mode mode)
{
    const struct transfer_image *first = transfer_find(pull->transfer, need->reference);
    /* What is written with a digest is pinned by it already. */
    const char *digest =
        need->locked && !strchr(need->reference, '@') ? need->locked->digest : NULL;
    const char *item =
        image_transfer_item(pull->transfer->arena, need->reference, need->platform, digest);

    need->moves = true;
    if (first)
        say_shared(need, first, mode);
    if (string_list_has(&pull->items, item))
        return;
    string_list_add(pull->transfer->arena, &pull->items, item);
    transfer_add(pull->transfer, need->reference, need->label);
}

static void failure_add(const struct image_need *need, const struct transfer *transfer,
                        enum severity severity, struct diagnostics *diagnostics)
{
    bool push = transfer->kind == TRANSFER_PUSH;
    scoped_text struct text message = {0};

    text_appendf(&message, "%s '%s': %s", push ? "push" : "pull", need->written,
                 transfer_find(transfer, need->reference)->message);
    diagnostics_add(
        diagnostics,
        &(struct diagnostic){.severity = severity,
                             .at = need->at,
                             .path = need->path,
                             .message = text_get(&message),
                             .hint = need->builds && !push ? "'yawl build' makes it" : NULL});
}

void image_needs_failed(const struct image_needs *needs, const struct transfer *transfer,
                        enum severity severity, struct diagnostics *diagnostics)
{
    for (size_t i = 0; i < needs->count; i++) {
        const struct image_need *need = &needs->items[i];
        const struct transfer_image *image = transfer_find(transfer, need->reference);

        if (need->moves && image && image->phase == TRANSFER_FAILED)
            failure_add(need, transfer, severity, diagnostics);
    }
}

static void builds_take_over(struct image_needs *needs, const struct transfer *transfer)
{
    for (size_t i = 0; i < needs->count; i++) {
        struct image_need *need = &needs->items[i];
        const struct transfer_image *image = transfer_find(transfer, need->reference);

        if (!need->moves || !need->builds || !image || image->phase != TRANSFER_FAILED)
            continue;
        need->moves = false;
        need->step = PULL_STEP_BUILD;
    }
}

/* Texts of the transfer are gone when the request is sent. */
static void phases_note(const struct image_needs *needs, const struct transfer *transfer,
                        struct phases *phases)
{
    for (size_t i = 0; i < needs->count; i++) {
        const struct image_need *need = &needs->items[i];
        const struct transfer_image *image = transfer_find(transfer, need->reference);

        /* Of several services with one image, the one that it was pulled for. */
        if (need->moves && image && string_eq(image->label, need->label))
            phases_add(phases, &(struct request_phase){.kind = "pull",
                                                       .service = need->label,
                                                       .detail = need->reference,
                                                       .began_ns = image->started_ms * NS_PER_MS,
                                                       .ended_ns = image->ended_ms * NS_PER_MS});
    }
}

int image_pull(struct image_needs *needs, const struct image_pull_options *options,
               struct diagnostics *diagnostics, bool *ret_interrupted, struct error *err)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct pull pull = {.transfer = transfer_new(arena, TRANSFER_PULL, needs->count)};

    *ret_interrupted = false;
    for (size_t i = 0; i < needs->count; i++)
        if (needs->items[i].step == PULL_STEP_PULL)
            pull_add(&pull, &needs->items[i], options->mode);
    if (pull.items.count == 0)
        return 0;
    if (image_transfer_run(pull.transfer, pull.items, options->data_root, options->mode,
                           ret_interrupted, err) < 0)
        return -1;
    phases_note(needs, pull.transfer, options->phases);
    if (options->may_build)
        builds_take_over(needs, pull.transfer);
    if (!*ret_interrupted)
        image_needs_failed(needs, pull.transfer, options->severity, diagnostics);
    return 0;
}
