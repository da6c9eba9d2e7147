/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/state/record_words.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "common/units.h"

enum { REASON_BYTES = 200, EXIT_CANNOT_RUN = 126, EXIT_NOT_FOUND = 127, EXIT_SIGNAL = 128 };
enum { EXIT_NOT_KNOWN = 255, SIGNAL_LAST = 64, ROUND_MS = 100, NS_PER_MS = 1000000 };

/* "SIGTERM", "SIGRTMIN+3". */
static void signal_name(int number, struct text *out)
{
    const char *name = sigabbrev_np(number);

    if (name)
        text_appendf(out, "SIG%s", name);
    else if (number >= SIGRTMIN && number <= SIGRTMAX)
        text_appendf(out, "SIGRTMIN+%d", number - SIGRTMIN);
    else
        text_appendf(out, "signal %d", number);
}

/* -- the end of a run */

/* Why all of it was killed. */
static void kill_reason(const struct record_signal *sent, struct text *out)
{
    if (sent->number == 0) {
        text_append(out, " without a time to end by itself");
        return;
    }
    text_append(out, ": process 1 ");
    if (sent->missed) {
        text_append(out, "does not handle ");
        signal_name(sent->number, out);
        return;
    }
    text_append(out, "had not ended ");
    duration_format((sent->waited_ms + ROUND_MS / 2) / ROUND_MS * ROUND_MS * NS_PER_MS, out);
    text_append(out, " after ");
    signal_name(sent->number, out);
}

static void signal_words(const struct record *record, int number, struct text *out)
{
    const struct record_signal *sent = &record->end.signal;
    const char *meaning = sigdescr_np(number);

    text_append(out, "killed by ");
    signal_name(number, out);
    if (sent->killed && number == SIGKILL) {
        text_appendf(out, ", sent by yawl %s", sent->by);
        kill_reason(sent, out);
    } else if (sent->by && number == sent->number) {
        text_appendf(out, ", sent by yawl %s", sent->by);
    } else {
        if (meaning)
            text_appendf(out, " (%s)", meaning);
        text_append(out, ", which yawl did not send");
    }
}

static void code_meaning(int code, struct text *out)
{
    if (code == EXIT_CANNOT_RUN)
        text_append(out, ": a shell inside found a command that it cannot execute");
    else if (code == EXIT_NOT_FOUND)
        text_append(out, ": a shell inside found no such command");
    else if (code == EXIT_NOT_KNOWN)
        text_append(out, ": -1, or nobody saw how it ended");
    else if (code > EXIT_SIGNAL && code <= EXIT_SIGNAL + SIGNAL_LAST) {
        text_append(out, ": a process inside was ended by ");
        signal_name(code - EXIT_SIGNAL, out);
        text_append(out, ", as a shell tells it");
    }
}

static void exit_words(const struct record *record, struct text *out)
{
    const struct record_signal *sent = &record->end.signal;
    int code = WEXITSTATUS(record->wait_status);

    text_appendf(out, "exit status %d", code);
    if (sent->by && sent->number && (sent->ends || code == EXIT_SIGNAL + sent->number)) {
        text_append(out, " after ");
        signal_name(sent->number, out);
        text_appendf(out, ", sent by yawl %s", sent->by);
    } else if (!record->oom_killed) {
        code_meaning(code, out);
    }
}

static void amount(const char *before, uint64_t bytes, struct text *out)
{
    if (bytes == 0)
        return;
    text_append(out, before);
    bytes_format_binary(bytes, out);
}

static void memory_words(const struct record *record, struct text *out)
{
    const struct record_end *end = &record->end;

    text_append(out, "out of memory: the kernel killed ");
    text_append(out, end->oom_process ? end->oom_process : "a process of it");
    amount(" with ", end->oom_process_bytes, out);
    amount(", limit ", end->memory_limit_bytes, out);
    amount(", peak ", end->memory_peak_bytes, out);
    amount(", largest process ", end->largest_bytes, out);
}

static void start_words(const struct record *record, struct text *out)
{
    int code = record_exit_code(record);

    text_append(out, "could not be started");
    if (code == EXIT_CANNOT_RUN)
        text_append(out, " (126: its program cannot be executed)");
    else if (code == EXIT_NOT_FOUND)
        text_append(out, " (127: its program is not in the image)");
    if (record->message)
        text_appendf(out, ": %s", record->message);
}

void record_end_words(const struct record *record, struct text *out)
{
    if (record->phase == PHASE_FAILED) {
        start_words(record, out);
        return;
    }
    if (record->finished_ns == 0)
        return;
    if (record->oom_killed) {
        memory_words(record, out);
        text_append(out, "; ");
    }
    if (!WIFSIGNALED(record->wait_status))
        exit_words(record, out);
    else if (record->oom_killed && !record->end.signal.killed)
        text_append(out, "it ended by SIGKILL");
    else
        signal_words(record, WTERMSIG(record->wait_status), out);
}

void record_trouble_words(const struct record *record, struct text *out)
{
    text_appendf(out, "container %s ", record->name);
    if (record->crash_loop) {
        text_appendf(out, "is in a crash loop: %d restarts in a row, the last time: ",
                     record->restarts_in_row);
        record_end_words(record, out);
    } else if (record->phase == PHASE_RUNNING && record->health == HEALTH_UNHEALTHY) {
        text_append(out, "is unhealthy: ");
        record_probe_words(&record->probe, out);
    } else {
        text_appendf(out, "exited (%d)", record_exit_code(record));
    }
}

/* -- probes */

void record_probe_exit(const struct record_probe *probe, struct text *out)
{
    if (probe->timed_out_ms > 0) {
        text_append(out, "timed out after ");
        duration_format(probe->timed_out_ms * NS_PER_MS, out);
    } else if (WIFSIGNALED(probe->wait_status)) {
        signal_name(WTERMSIG(probe->wait_status), out);
    } else {
        text_appendf(out, "exit status %d", WEXITSTATUS(probe->wait_status));
    }
}

void record_probe_reason(const struct record_probe *probe, struct text *out)
{
    const char *line = probe->output ? probe->output : "";
    size_t length;

    line += strspn(line, " \t\n");
    length = strcspn(line, "\n");
    if (probe->timed_out_ms > 0 || length == 0) {
        record_probe_exit(probe, out);
        return;
    }
    if (length > REASON_BYTES) {
        length = REASON_BYTES;
        while (length > 0 && ((unsigned char)line[length] & 0xc0) == 0x80)
            length--; /* not within a character */
    }
    text_append_bytes(out, line, length);
}

void record_probe_words(const struct record_probe *probe, struct text *out)
{
    if (probe->count == 0)
        return;
    if (probe->wait_status == 0) {
        text_append(out, "health probe passed");
        return;
    }
    if (probe->failures > probe->retries)
        text_appendf(out, "health probe failed %d times in a row: ", probe->failures);
    else if (probe->failures > 0)
        text_appendf(out, "health probe %d of %lld failed: ", probe->failures,
                     (long long)probe->retries);
    else
        text_append(out, "health probe failed, which does not count yet: ");
    record_probe_reason(probe, out);
}

/* -- restarts */

void record_restart_words(const struct record *record, uint64_t now_ns, struct text *out)
{
    uint64_t wait_ns = record->restart_at_ns > now_ns ? record->restart_at_ns - now_ns : 0;

    if (record->restarts == 0 && !record->will_restart)
        return;
    text_appendf(out, "%d", record->restarts);
    if (record->restarts_in_row > 0)
        text_appendf(out, ", %d in a row%s", record->restarts_in_row,
                     record->crash_loop ? ": a crash loop" : "");
    if (!record->will_restart)
        return;
    text_append(out, "; the next ");
    if (wait_ns < NS_PER_MS) {
        text_append(out, "at once");
        return;
    }
    text_append(out, "in ");
    duration_format((int64_t)(wait_ns / NS_PER_MS) * NS_PER_MS, out);
}
