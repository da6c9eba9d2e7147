/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/image/transfer_view.h"

#include "orchestrator/cli/picture.h"
#include "tests/unit/orchestrator/cli/image/transfer_fixture.h"

enum { SEEDS = 400, EVENTS_MOST = 120 };

static struct arena *arena;

static void set_up(void)
{
    arena = arena_new();
}

static void tear_down(void)
{
    arena_free(arena);
}

TestSuite(transfer_view, .init = set_up, .fini = tear_down);

static const char *render(const struct transfer *transfer, struct transfer_view view)
{
    scoped_text struct text out = {0};

    transfer_view_render(transfer, &view, &out);
    return arena_strdup(arena, text_get(&out));
}

/* Plays the first `count` recorded events, one each 100 ms. */
static struct transfer *play(size_t count)
{
    struct transfer *transfer = recorded_transfer(arena);
    struct string_list lines = recorded_lines(arena);

    for (size_t i = 0; i < lines.count && i < count; i++) {
        (void)apply_line(transfer, lines.items[i], 1000 + i * 100);
        transfer_tick(transfer, 1000 + i * 100);
    }
    return transfer;
}

Test(transfer_view, a_pull_under_way_has_a_bar_for_each_image_and_layer)
{
    cr_expect_str_eq(
        render(play(31), (struct transfer_view){.columns = 80, .rows = 24, .now_ms = 5000}),
        "[+] Pulling 0/3\n"
        " ⠋ db    [=======>            ]  55.4MB / 139MB  24.9MB/s                  4.0s\n"
        "   cae662172fd4  Downloading  [=======>            ]  11.6MB / 29.1MB\n"
        "   6f2d7a3e4829  Downloading  [=======>            ]  465B / 1.16kB\n"
        "   0ceee7a6da08  Downloading  [=======>            ]  1.81MB / 4.53MB\n"
        "   870021737ed4  Downloading  [========>           ]  41.9MB / 105MB\n"
        " ⠋ web   [========>           ]  1.4MB / 3.5MB  700kB/s                    3.9s\n"
        "   9a15deb4338a  Downloading  [========>           ]  1.4MB / 3.5MB\n"
        " ✘ none  Error manifest unknown                                            0.7s\n");
}

Test(transfer_view, what_has_ended_says_how)
{
    cr_expect_str_eq(
        render(play(SIZE_MAX), (struct transfer_view){.columns = 60, .rows = 24, .now_ms = 9000}),
        "[+] Pulling 2/3\n"
        " ✔ db    Pulled                                        7.2s\n"
        " ✔ web   Pulled                                        6.2s\n"
        " ✘ none  Error manifest unknown                        0.7s\n");
}

Test(transfer_view, layers_go_first_when_the_window_is_low)
{
    const char *picture =
        render(play(31), (struct transfer_view){.columns = 80, .rows = 5, .now_ms = 5000});

    cr_expect_null(strstr(picture, "Downloading"));
    cr_expect_not_null(strstr(picture, " db "));
    cr_expect_not_null(strstr(picture, " none "));
}

Test(transfer_view, then_images_go_and_are_counted)
{
    const char *picture =
        render(play(31), (struct transfer_view){.columns = 80, .rows = 4, .now_ms = 5000});

    cr_expect_not_null(strstr(picture, " none "), "failures stay longest");
    cr_expect_not_null(strstr(picture, "and 2 more"));
}

Test(transfer_view, colour_is_there_only_when_asked_for)
{
    struct transfer_view view = {.columns = 80, .rows = 24, .now_ms = 5000};

    cr_expect_null(strchr(render(play(31), view), '\033'));
    view.colour = true;
    cr_expect_not_null(strchr(render(play(31), view), '\033'));
}

/* -- whatever happens, it fits */

static unsigned next(unsigned *state)
{
    *state = *state * 1103515245 + 12345;
    return *state >> 16;
}

static struct transfer *random_transfer(unsigned *state)
{
    size_t count = 1 + next(state) % 40;
    struct transfer *transfer = transfer_new(arena, next(state) % 2, count);

    for (size_t i = 0; i < count; i++) {
        static const char long_name[] = "a-rather-long-name-of-a-service-that-nobody-should-have";

        transfer_add(transfer, arena_printf(arena, "i%zu", i),
                     arena_printf(arena, "%.*s-%zu", (int)(next(state) % 50), long_name, i));
    }
    return transfer;
}

static struct image_event random_event(const struct transfer *transfer, unsigned *state)
{
    unsigned size = next(state) % 64;

    return (struct image_event){
        .kind = next(state) % 8 ? IMAGE_EVENT_LAYER : next(state) % (IMAGE_EVENT_ERROR + 1),
        .image = arena_printf(arena, "i%zu", next(state) % transfer->n_images),
        .layer = arena_printf(arena, "sha256:%012u", next(state) % 9),
        .state = next(state) % (LAYER_EXISTS + 1),
        .current = INT64_MAX >> next(state) % 64,
        .total = INT64_MAX >> size,
        .digest = "sha256:1",
        .message = "the registry said: \033[31mno\t\xc3\xa4 and went on for longer than any window "
                   "is wide, so that something must be cut off at the end of the line",
    };
}

/* Widths in characters, and the number of lines. */
static void expect_fits(const char *picture, struct transfer_view view, unsigned seed)
{
    unsigned width = 0, lines = 0;

    for (const char *p = picture; *p; p++) {
        if (*p == '\033') {
            cr_assert(view.colour);
            p += strcspn(p, "m");
        } else if (*p == '\n') {
            cr_assert_leq(width, view.columns, "seed %u: %u of %u columns:\n%s", seed, width,
                          view.columns, picture);
            lines++;
            width = 0;
        } else {
            cr_assert((unsigned char)*p >= ' ', "seed %u", seed);
            width += ((unsigned char)*p & 0xc0) != 0x80;
        }
    }
    cr_assert_eq(width, 0, "seed %u: the last line ends", seed);
    cr_assert(lines < view.rows || lines == 1, "seed %u: %u lines in %u rows", seed, lines,
              view.rows);
    cr_assert_eq(picture_rows(picture, view.columns), lines, "seed %u", seed);
}

Test(transfer_view, no_picture_is_wider_or_higher_than_the_window)
{
    for (unsigned seed = 1; seed <= SEEDS; seed++) {
        unsigned state = seed;
        struct transfer *transfer = random_transfer(&state);
        uint64_t now_ms = next(&state);

        for (size_t i = next(&state) % EVENTS_MOST; i > 0; i--) {
            struct transfer_view view = {.columns = 1 + next(&state) % 120,
                                         .rows = 1 + next(&state) % 50,
                                         .colour = next(&state) % 2,
                                         .now_ms = now_ms};
            struct image_event event = random_event(transfer, &state);

            (void)transfer_apply(transfer, &event, now_ms);
            now_ms += next(&state) % 3000;
            transfer_tick(transfer, now_ms);
            expect_fits(render(transfer, view), view, seed);
        }
    }
}
