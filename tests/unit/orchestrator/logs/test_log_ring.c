/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/logs/log_ring.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

static void push(struct log_ring *ring, const char *text)
{
    struct log_line line = {
        .name = "x", .stream = LOG_STDOUT, .text = text, .length = strlen(text)};

    log_ring_push(ring, &line, LEVEL_INFO);
}

static void expect_pop(struct log_ring *ring, const char *expected)
{
    enum line_level level = LEVEL_NONE;
    struct log_line line;

    cr_assert(log_ring_pop(ring, &line, &level));
    cr_expect_eq(line.length, strlen(expected));
    cr_expect_eq(memcmp(line.text, expected, line.length), 0, "%s", expected);
    cr_expect_eq(level, LEVEL_INFO);
}

Test(log_ring, keeps_the_last_lines_in_their_order)
{
    scoped(log_ring_free) struct log_ring *ring = log_ring_new(20);
    char text[16];

    for (int i = 0; i < 100; i++) {
        (void)snprintf(text, sizeof(text), "%d", i);
        push(ring, text);
        cr_expect_eq(log_ring_lost(ring), i >= 20);
    }
    for (int i = 80; i < 100; i++) {
        (void)snprintf(text, sizeof(text), "%d", i);
        expect_pop(ring, text);
    }
    cr_expect_not(log_ring_pop(ring, &(struct log_line){0}, &(enum line_level){LEVEL_NONE}));
}

Test(log_ring, grows_in_the_middle_of_use)
{
    scoped(log_ring_free) struct log_ring *ring = log_ring_new(1000);
    char text[16];

    for (int i = 0, next = 0; i < 500; i++) {
        (void)snprintf(text, sizeof(text), "%d", i);
        push(ring, text);
        if (i % 3 == 0) {
            (void)snprintf(text, sizeof(text), "%d", next++);
            expect_pop(ring, text);
        }
    }
    cr_expect_not(log_ring_lost(ring));
}

Test(log_ring, of_no_lines_loses_all)
{
    scoped(log_ring_free) struct log_ring *ring = log_ring_new(0);

    push(ring, "x");
    cr_expect(log_ring_lost(ring));
    cr_expect_not(log_ring_pop(ring, &(struct log_line){0}, &(enum line_level){LEVEL_NONE}));
}

Test(log_ring, is_bounded_in_bytes)
{
    scoped(log_ring_free) struct log_ring *ring = log_ring_new(LOG_RING_LINES_MAX);
    scoped(free) char *giant = memory_resize(NULL, LOG_LINE_MAX, 1);
    struct log_line line = {.stream = LOG_STDOUT, .text = giant, .length = LOG_LINE_MAX};
    enum line_level level;
    size_t n = 0;

    memset(giant, 'x', LOG_LINE_MAX);
    for (int i = 0; i < 100; i++)
        log_ring_push(ring, &line, LEVEL_NONE);
    while (log_ring_pop(ring, &line, &level))
        n++;
    cr_expect_eq(n, LOG_RING_BYTES_MAX / LOG_LINE_MAX);
}
