/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of transfers share: recorded events, and the transfer they belong to.
 */
#ifndef YAWL_TESTS_UNIT_ORCHESTRATOR_CLI_IMAGE_TRANSFER_FIXTURE_H
#define YAWL_TESTS_UNIT_ORCHESTRATOR_CLI_IMAGE_TRANSFER_FIXTURE_H

#include <criterion/criterion.h>
#include <fcntl.h>

#include "common/file.h"
#include "orchestrator/cli/image/transfer.h"

/* The images that events/pull.jsonl is about. */
static inline struct transfer *recorded_transfer(struct arena *arena)
{
    struct transfer *transfer = transfer_new(arena, TRANSFER_PULL, 3);

    transfer_add(transfer, "docker.io/library/postgres:16", "db");
    transfer_add(transfer, "ghcr.io/acme/web:1.4", "web");
    transfer_add(transfer, "localhost:5000/nothing:1", "none");
    return transfer;
}

/* The recorded lines, in the arena. */
static inline struct string_list recorded_lines(struct arena *arena)
{
    const char *path = arena_printf(arena, "%s/pull.jsonl", getenv("EVENTS"));
    scoped_text struct text text = {0};
    struct string_list lines = {0};
    char *rest, *line;

    cr_assert_eq(file_read(AT_FDCWD, path, 1 << 20, &text, NULL, NULL), 0);
    rest = arena_strdup(arena, text_get(&text));
    while ((line = strsep(&rest, "\n")))
        if (*line)
            string_list_add(arena, &lines, line);
    return lines;
}

/* Applies one line at this time. */
static inline struct transfer_change apply_line(struct transfer *transfer, const char *line,
                                                uint64_t now_ms)
{
    struct image_event event;

    cr_assert_eq(image_event_parse(line, strlen(line), transfer->arena, &event, NULL), 0);
    return transfer_apply(transfer, &event, now_ms);
}

#endif
