/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/state/record_words.h"

#include <criterion/criterion.h>
#include <signal.h>

static const uint64_t NS_PER_MS = 1000000;
static const uint64_t MIB = 1024 * 1024;

static void expect_end(struct record record, const char *expected)
{
    scoped_text struct text text = {0};

    record.finished_ns = 1;
    record.phase = record.phase ? record.phase : PHASE_DONE;
    record_end_words(&record, &text);
    cr_expect_str_eq(text_get(&text), expected);
}

Test(record_words, no_end_has_no_words)
{
    struct record record = {.phase = PHASE_RUNNING};
    scoped_text struct text text = {0};

    record_end_words(&record, &text);
    cr_expect_str_eq(text_get(&text), "");
}

Test(record_words, exit_statuses_are_explained)
{
    expect_end((struct record){.wait_status = 0}, "exit status 0");
    expect_end((struct record){.wait_status = 3 << 8}, "exit status 3");
    expect_end((struct record){.wait_status = 126 << 8},
               "exit status 126: a shell inside found a command that it cannot execute");
    expect_end((struct record){.wait_status = 127 << 8},
               "exit status 127: a shell inside found no such command");
    expect_end((struct record){.wait_status = 143 << 8},
               "exit status 143: a process inside was ended by SIGTERM, as a shell tells it");
    expect_end((struct record){.wait_status = 200 << 8}, "exit status 200");
    expect_end((struct record){.wait_status = 255 << 8},
               "exit status 255: -1, or nobody saw how it ended");
}

Test(record_words, a_foreign_signal_is_told_from_ours)
{
    struct record record = {.wait_status = SIGTERM};

    expect_end(record, "killed by SIGTERM (Terminated), which yawl did not send");
    record.end.signal = (struct record_signal){.by = "kill", .number = SIGUSR1};
    expect_end(record, "killed by SIGTERM (Terminated), which yawl did not send");
    record.end.signal = (struct record_signal){.by = "stop", .number = SIGTERM, .ends = true};
    expect_end(record, "killed by SIGTERM, sent by yawl stop");
    record.wait_status = 0;
    expect_end(record, "exit status 0 after SIGTERM, sent by yawl stop");
    expect_end((struct record){.wait_status = SIGRTMIN + 3},
               "killed by SIGRTMIN+3, which yawl did not send");
}

Test(record_words, a_kill_says_why_there_was_no_patience)
{
    struct record record = {
        .wait_status = SIGKILL,
        .end.signal = {
            .by = "down", .number = SIGTERM, .ends = true, .killed = true, .waited_ms = 10003}};

    expect_end(record, "killed by SIGKILL, sent by yawl down: process 1 had not ended 10s after "
                       "SIGTERM");
    record.end.signal.missed = true;
    expect_end(record, "killed by SIGKILL, sent by yawl down: process 1 does not handle SIGTERM");
    record.end.signal.number = 0;
    expect_end(record, "killed by SIGKILL, sent by yawl down without a time to end by itself");
}

Test(record_words, lack_of_memory_has_its_numbers)
{
    struct record record = {.wait_status = SIGKILL, .oom_killed = true};

    expect_end(record, "out of memory: the kernel killed a process of it; it ended by SIGKILL");
    record.end = (struct record_end){.memory_limit_bytes = 64 * MIB,
                                     .memory_peak_bytes = 63 * MIB,
                                     .oom_process = "python3",
                                     .oom_process_bytes = 60 * MIB,
                                     .largest_bytes = 61 * MIB};
    record.wait_status = 137 << 8;
    expect_end(record, "out of memory: the kernel killed python3 with 60MiB, limit 64MiB, peak "
                       "63MiB, largest process 61MiB; exit status 137");
}

Test(record_words, a_start_that_failed_has_its_message)
{
    expect_end((struct record){.phase = PHASE_FAILED, .wait_status = 127 << 8, .message = "run x"},
               "could not be started (127: its program is not in the image): run x");
    expect_end((struct record){.phase = PHASE_FAILED, .wait_status = 126 << 8},
               "could not be started (126: its program cannot be executed)");
    expect_end((struct record){.phase = PHASE_FAILED}, "could not be started");
}

static void expect_probe(struct record_probe probe, const char *expected)
{
    scoped_text struct text text = {0};

    record_probe_words(&probe, &text);
    cr_expect_str_eq(text_get(&text), expected);
}

Test(record_words, a_probe_is_counted_and_has_its_reason)
{
    expect_probe((struct record_probe){.count = 0}, "");
    expect_probe((struct record_probe){.count = 3}, "health probe passed");
    expect_probe((struct record_probe){.count = 9,
                                       .failures = 4,
                                       .retries = 30,
                                       .wait_status = 256,
                                       .output = "\n connection refused\nmore"},
                 "health probe 4 of 30 failed: connection refused");
    expect_probe(
        (struct record_probe){.count = 9, .failures = 4, .retries = 3, .wait_status = 2 << 8},
        "health probe failed 4 times in a row: exit status 2");
    expect_probe((struct record_probe){.count = 1, .retries = 3, .wait_status = 2 << 8},
                 "health probe failed, which does not count yet: exit status 2");
    expect_probe((struct record_probe){.count = 1,
                                       .failures = 1,
                                       .retries = 1,
                                       .wait_status = SIGKILL,
                                       .timed_out_ms = 1500,
                                       .output = "half a"},
                 "health probe 1 of 1 failed: timed out after 1.5s");
}

Test(record_words, a_long_reason_is_cut_between_characters)
{
    scoped_text struct text output = {0}, text = {0};
    struct record_probe probe = {.count = 1, .wait_status = 256};

    text_append_char(&output, 'x');
    for (int i = 0; i < 200; i++)
        text_append(&output, "ä");
    probe.output = output.data;
    record_probe_reason(&probe, &text);
    cr_expect_eq(text.length, 199);
}

static void expect_restarts(struct record record, const char *expected)
{
    scoped_text struct text text = {0};

    record_restart_words(&record, 1000 * NS_PER_MS, &text);
    cr_expect_str_eq(text_get(&text), expected);
}

Test(record_words, restarts_say_when_the_next_one_comes)
{
    expect_restarts((struct record){.restarts = 0}, "");
    expect_restarts((struct record){.restarts = 2}, "2");
    expect_restarts((struct record){.restarts = 9,
                                    .restarts_in_row = 7,
                                    .crash_loop = true,
                                    .will_restart = true,
                                    .restart_at_ns = 7400 * NS_PER_MS},
                    "9, 7 in a row: a crash loop; the next in 6.4s");
    expect_restarts((struct record){.will_restart = true, .restart_at_ns = 1},
                    "0; the next at once");
}

static void expect_trouble(struct record record, const char *expected)
{
    scoped_text struct text text = {0};

    record.name = "p-a-1";
    record_trouble_words(&record, &text);
    cr_expect_str_eq(text_get(&text), expected);
}

Test(record_words, trouble_names_the_container)
{
    expect_trouble((struct record){.phase = PHASE_DONE, .wait_status = 5 << 8},
                   "container p-a-1 exited (5)");
    expect_trouble(
        (struct record){
            .phase = PHASE_RUNNING,
            .health = HEALTH_UNHEALTHY,
            .probe = {.count = 2, .failures = 2, .retries = 2, .wait_status = 256, .output = "no"}},
        "container p-a-1 is unhealthy: health probe 2 of 2 failed: no");
    expect_trouble((struct record){.phase = PHASE_DONE,
                                   .finished_ns = 1,
                                   .wait_status = 5 << 8,
                                   .crash_loop = true,
                                   .restarts_in_row = 6},
                   "container p-a-1 is in a crash loop: 6 restarts in a row, the last time: exit "
                   "status 5");
}
