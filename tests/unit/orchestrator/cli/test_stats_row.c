/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "orchestrator/cli/stats_row.h"

static const char interfaces[] =
    "Inter-|   Receive                                                |  Transmit\n"
    " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop\n"
    "    lo:     100       2    0    0    0     0          0         0      100       2    0    0\n"
    "  eth0:    1050      10    0    0    0     0          0         0     2000       5    0    0\n"
    "  eth1:1        1    0    0    0     0          0         0        2       1    0    0\n";

Test(stats_row, counts_all_interfaces_but_loopback)
{
    struct stats_sample sample = {0};

    stats_sample_add_interfaces(interfaces, &sample);
    cr_expect(eq(u64, sample.received_bytes, 1051));
    cr_expect(eq(u64, sample.sent_bytes, 2002));
}

Test(stats_row, bears_text_that_is_cut_off)
{
    for (size_t length = 0; length < sizeof(interfaces); length++) {
        struct stats_sample sample = {0};
        scoped(arena_free) struct arena *arena = arena_new();

        stats_sample_add_interfaces(arena_strndup(arena, interfaces, length), &sample);
        cr_expect(le(u64, sample.received_bytes, 1051));
    }
}

Test(stats_row, says_it_as_docker_does)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct stats_sample before = {.at_us = 1000000, .usage = {.cpu_us = 500000}};
    struct stats_sample now = {.at_us = 3000000,
                               .usage = {.cpu_us = 3500000,
                                         .memory_bytes = 2047999,
                                         .memory_limit_bytes = 16750372454,
                                         .read_bytes = 0,
                                         .written_bytes = 4096,
                                         .tasks = 12},
                               .received_bytes = 1050};
    struct stats_row row = stats_row_make(&before, &now, arena);

    cr_expect_str_eq(row.cpu, "150.00%");
    cr_expect_str_eq(row.memory, "1.953MiB / 15.6GiB");
    cr_expect_str_eq(row.memory_share, "0.01%");
    cr_expect_str_eq(row.net, "1.05kB / 0B");
    cr_expect_str_eq(row.blocks, "0B / 4.1kB");
    cr_expect_str_eq(row.tasks, "12");
}

Test(stats_row, knows_no_cpu_use_of_one_measurement)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct stats_sample none = {0}, now = {.at_us = 5, .usage = {.cpu_us = 7}};

    cr_expect_str_eq(stats_row_make(&none, &now, arena).cpu, "0.00%");
    cr_expect_str_eq(stats_row_make(&now, &none, arena).cpu, "0.00%");
    cr_expect_str_eq(stats_row_make(&none, &none, arena).memory, "0B / 0B");
    cr_expect_str_eq(stats_row_make(&none, &none, arena).memory_share, "0.00%");
}
