/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/image/transfer.h"

#include "tests/unit/orchestrator/cli/image/transfer_fixture.h"

enum { STEP_MS = 50 };

static struct arena *arena;

static void set_up(void)
{
    arena = arena_new();
}

static void tear_down(void)
{
    arena_free(arena);
}

TestSuite(transfer, .init = set_up, .fini = tear_down);

/* Plays the first `count` recorded events. */
static struct transfer *play(size_t count)
{
    struct transfer *transfer = recorded_transfer(arena);
    struct string_list lines = recorded_lines(arena);

    for (size_t i = 0; i < lines.count && i < count; i++) {
        (void)apply_line(transfer, lines.items[i], 1000 + i * STEP_MS);
        transfer_tick(transfer, 1000 + i * STEP_MS);
    }
    return transfer;
}

Test(transfer, a_recorded_pull_ends_with_each_image_done_or_failed)
{
    struct transfer *transfer = play(SIZE_MAX);

    cr_expect_eq(transfer_count(transfer, TRANSFER_DONE), 2);
    cr_expect_eq(transfer_count(transfer, TRANSFER_FAILED), 1);
    cr_expect_str_eq(transfer->images[2].message, "manifest unknown");
    cr_expect(transfer->images[0].changed);
    cr_expect_eq(transfer->images[0].moved, transfer->images[0].size);
}

Test(transfer, layers_that_exist_are_not_counted)
{
    struct transfer *transfer = play(SIZE_MAX);

    cr_expect_eq(transfer->images[1].size, 3500000);
}

Test(transfer, the_rate_is_what_came_in_the_time)
{
    struct transfer *transfer = transfer_new(arena, TRANSFER_PULL, 1);
    static const char *const format = "{\"event\":\"layer\",\"image\":\"a\",\"layer\":\"sha256:1\","
                                      "\"state\":\"downloading\",\"current\":%d,\"total\":9000000}";

    transfer_add(transfer, "a", "a");
    (void)apply_line(transfer, arena_printf(arena, format, 0), 1000);
    (void)apply_line(transfer, arena_printf(arena, format, 1000000), 1500);
    transfer_tick(transfer, 1500);
    cr_expect_eq(transfer->images[0].rate, 2000000);
    transfer_tick(transfer, 2500);
    cr_expect_eq(transfer->images[0].rate, 1000000, "it falls while nothing comes");
}

Test(transfer, each_quarter_is_passed_once)
{
    struct transfer *transfer = recorded_transfer(arena);
    struct string_list lines = recorded_lines(arena);
    int seen[4] = {0};

    for (size_t i = 0; i < lines.count; i++) {
        struct transfer_change change = apply_line(transfer, lines.items[i], i);

        if (change.image == &transfer->images[0])
            seen[change.quarter]++;
    }
    cr_expect_eq(seen[1], 1);
    cr_expect_eq(seen[2], 1);
    cr_expect_eq(seen[3], 1);
}

Test(transfer, a_layer_of_unknown_size_passes_no_quarter_twice)
{
    struct transfer *transfer = transfer_new(arena, TRANSFER_PULL, 1);
    static const char *const format =
        "{\"event\":\"layer\",\"image\":\"a\",\"layer\":\"sha256:%d\","
        "\"state\":\"downloading\",\"current\":%s,\"total\":%s}";
    struct transfer_change change;

    transfer_add(transfer, "a", "a");
    (void)apply_line(transfer, arena_printf(arena, format, 1, "0", "1000000"), 0);
    change = apply_line(transfer, arena_printf(arena, format, 2, "9000000000000000000", "0"), 0);
    cr_expect_eq(transfer->images[0].moved, 9000000000000000000);
    cr_expect_eq(change.quarter, 0);
}

Test(transfer, events_of_other_images_change_nothing)
{
    struct transfer *transfer = recorded_transfer(arena);

    cr_expect_null(apply_line(transfer, "{\"event\":\"resolving\",\"image\":\"other\"}", 1).image);
    cr_expect_eq(transfer_count(transfer, TRANSFER_WAITING), 3);
}

Test(transfer, what_had_no_end_has_failed_when_the_worker_ends)
{
    struct transfer *transfer = play(4);

    transfer_finish(transfer, "interrupted", 5000);
    cr_expect_eq(transfer_count(transfer, TRANSFER_FAILED), 3);
    cr_expect_str_eq(transfer->images[0].message, "interrupted");
}

Test(transfer, text_of_others_cannot_steer_the_terminal)
{
    struct transfer *transfer = recorded_transfer(arena);

    (void)apply_line(transfer,
                     "{\"event\":\"error\",\"image\":\"ghcr.io/acme/web:1.4\",\"message\":"
                     "\"a\\u001b[2Jb\\nc\"}",
                     1);
    cr_expect_str_eq(transfer->images[1].message, "a?[2Jb?c");
}

Test(transfer, more_layers_than_an_image_can_have_are_left_out)
{
    struct transfer *transfer = recorded_transfer(arena);

    for (int i = 0; i < 1000; i++)
        (void)apply_line(transfer,
                         arena_printf(arena,
                                      "{\"event\":\"layer\",\"image\":\"ghcr.io/acme/web:1.4\","
                                      "\"layer\":\"sha256:%d\",\"state\":\"waiting\",\"total\":1}",
                                      i),
                         1);
    cr_expect_leq(transfer->images[1].n_layers, 400);
}
