/* SPDX-License-Identifier: Apache-2.0 */
/* `image pull` and `image push`: images by their names alone. */
#include <stdio.h>

#include "common/log.h"
#include "orchestrator/cli/command_image.h"
#include "orchestrator/cli/image/image_transfer.h"
#include "runtime/image/image_reference.h"

struct transfer_call {
    struct transfer *transfer;
    struct string_list items;
    const char *platform;
    bool quiet;
};

/* Names are read as docker reads them, and shown as people write them. */
static int call_add(struct transfer_call *call, const char *name, struct error *err)
{
    struct arena *arena = call->transfer->arena;
    struct image_reference reference;
    const char *full;

    if (image_reference_parse(name, arena, &reference, err) < 0)
        return error_wrap(err, "'%s'", name);
    full = image_reference_format(&reference, arena);
    if (transfer_find(call->transfer, full))
        return 0;
    transfer_add(call->transfer, full, image_reference_familiar(&reference, arena));
    string_list_add(arena, &call->items, image_transfer_item(arena, full, call->platform, NULL));
    return 0;
}

static int call_report(const struct transfer *transfer)
{
    bool push = transfer->kind == TRANSFER_PUSH;
    int exit_code = 0;

    for (size_t i = 0; i < transfer->n_images; i++) {
        const struct transfer_image *image = &transfer->images[i];

        if (image->phase == TRANSFER_DONE) {
            (void)printf("%s\n", image->reference);
            continue;
        }
        log_error("%s '%s': %s", push ? "push" : "pull", image->label, image->message);
        exit_code = 1;
    }
    return exit_code;
}

static int call_run(struct session *session, struct transfer_call *call, struct error *err)
{
    struct progress_mode mode;
    bool interrupted = false;
    struct roots roots;

    if (session_progress(session, call->quiet, &mode, err) < 0 ||
        roots_find(session->arena, &roots, err) < 0)
        return -1;
    if (image_transfer_run(call->transfer, call->items, roots.data, mode, &interrupted, err) < 0)
        return -1;
    return interrupted ? EXIT_INTERRUPTED : call_report(call->transfer);
}

static int call_names(struct session *session, struct transfer_call *call, enum transfer_kind kind,
                      struct string_list names, struct error *err)
{
    if (names.count == 0)
        return error_set(err, "image %s: name an image", session->command->name);
    call->transfer = transfer_new(session->arena, kind, names.count);
    for (size_t i = 0; i < names.count; i++)
        if (call_add(call, names.items[i], err) < 0)
            return -1;
    return call_run(session, call, err);
}

int command_image_pull(struct session *session, struct error *err)
{
    struct transfer_call call = {0};
    struct string_list names = {0};
    const struct option_row rows[] = {
        {0, "platform", OPTION_STRING, &call.platform, "PLATFORM", "for another machine"},
        {'q', "quiet", OPTION_FLAG, &call.quiet, NULL, "no progress"},
        {0, NULL, OPTION_END, NULL, NULL, NULL},
    };
    int result = session_options(session, rows, false, &names, err);

    if (result != 0)
        return result < 0 ? -1 : 0;
    return call_names(session, &call, TRANSFER_PULL, names, err);
}

int command_image_push(struct session *session, struct error *err)
{
    struct transfer_call call = {0};
    struct string_list names = {0};
    const struct option_row rows[] = {
        {'q', "quiet", OPTION_FLAG, &call.quiet, NULL, "no progress"},
        {0, NULL, OPTION_END, NULL, NULL, NULL},
    };
    int result = session_options(session, rows, false, &names, err);

    if (result != 0)
        return result < 0 ? -1 : 0;
    return call_names(session, &call, TRANSFER_PUSH, names, err);
}
