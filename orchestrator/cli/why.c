/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/why.h"

#include <sys/wait.h>

#include "common/moment.h"
#include "common/units.h"
#include "orchestrator/state/record_words.h"

enum { LABEL_WIDTH = 14, CHAIN_MOST = 100 };
static const uint64_t NS_PER_S = 1000000000;

static const struct record *why_find(const struct why *why, const char *name)
{
    for (size_t i = 0; i < why->n_records; i++)
        if (string_eq(why->records[i]->name, name))
            return why->records[i];
    return NULL;
}

/* What a record waits for, when it does. */
static const struct record *next_in_chain(const struct why *why, const struct record *record)
{
    bool waits = record->phase <= PHASE_CREATED && record->wanted && record->waits_for;

    return waits ? why_find(why, record->waits_for) : NULL;
}

static void ago(const struct why *why, uint64_t then_ns, struct text *out)
{
    duration_format_words(why->now_ns > then_ns ? (why->now_ns - then_ns) / NS_PER_S : 0, out);
    text_append(out, " ago");
}

/* -- the parts, in words; nothing when there is nothing to say */

static void state_words(const struct why *why, const struct record *record, struct text *out)
{
    record_status_text(record, why->now_ns, out);
    if (record->pending)
        text_append(out, record->replace ? ", about to be replaced" : ", about to be restarted");
    if (record->asked_by && !record->wanted)
        text_appendf(out, ", as yawl %s has asked for", record->asked_by);
}

static void probe_words(const struct why *why, struct text *out)
{
    const struct record_probe *probe = &why->record->probe;

    if (probe->count == 0)
        return;
    ago(why, probe->ended_ns, out);
    text_append(out, ": ");
    record_probe_words(probe, out);
    if (probe->wait_status == 0)
        return;
    text_append(out, " (");
    record_probe_exit(probe, out);
    text_append(out, ")");
}

static void end_words(const struct why *why, struct text *out)
{
    const struct record *record = why->record;
    scoped_text struct text words = {0};

    record_end_words(record, &words);
    if (words.length == 0)
        return;
    ago(why, record->finished_ns, out);
    if (record->end.started_ns && record->end.started_ns < record->finished_ns) {
        text_append(out, ", after ");
        duration_format_words((record->finished_ns - record->end.started_ns) / NS_PER_S, out);
    }
    text_appendf(out, ": %s", words.data);
}

/* -- text */

static void line(const char *label, const char *words, struct text *out)
{
    if (*words)
        text_appendf(out, "  %-*s %s\n", LABEL_WIDTH, label, words);
}

/* What a program has written, each line below the last. */
static void lines_below(const char *output, struct text *out)
{
    while (output && *output) {
        const char *end = output + strcspn(output, "\n");

        text_appendf(out, "  %-*s | %.*s\n", LABEL_WIDTH, "", (int)(end - output), output);
        output = *end ? end + 1 : end;
    }
}

static void chain_text(const struct why *why, struct text *out)
{
    const struct record *at = why->record;

    for (int i = 0; i < CHAIN_MOST && (at = next_in_chain(why, at)); i++) {
        scoped_text struct text words = {0};

        text_appendf(&words, "-> %s: ", at->name);
        state_words(why, at, &words);
        if (at->message)
            text_appendf(&words, ", %s", at->message);
        line("", words.data, out);
    }
}

static void message_text(const struct record *record, struct text *out)
{
    bool waits = string_starts_with(record->message, "waits for ");

    if (record->blocked)
        line("blocked", record->message, out);
    else if (waits)
        line("waits for", record->message + strlen("waits for "), out);
    else if (record->phase != PHASE_FAILED) /* there it is in the words of the end */
        line("trouble", record->message, out);
}

static void part(const struct why *why, const char *label,
                 void (*words)(const struct why *, struct text *), struct text *out)
{
    scoped_text struct text text = {0};

    words(why, &text);
    line(label, text_get(&text), out);
}

static void restart_words(const struct why *why, struct text *out)
{
    record_restart_words(why->record, why->now_ns, out);
}

static void record_text(const struct why *why, struct text *out)
{
    const struct record *record = why->record;
    scoped_text struct text state = {0};

    text_appendf(out, "%s\n", record->name);
    state_words(why, record, &state);
    line("state", text_get(&state), out);
    if (record->message)
        message_text(record, out);
    chain_text(why, out);
    part(why, "last probe", probe_words, out);
    lines_below(record->probe.output, out);
    part(why, "last exit", end_words, out);
    part(why, "restarts", restart_words, out);
}

void why_text(const struct why *why, struct text *out)
{
    if (why->record) {
        record_text(why, out);
    } else {
        text_appendf(out, "%s\n", why->service);
        line("state", "never created", out);
    }
    if (why->configuration)
        line("configuration", why->configuration, out);
    if (why->unattended)
        line("supervisor", "not running: this is what it knew last", out);
}

/* -- JSON */

static void set_text(json_t *json, const char *key, const char *value)
{
    if (value && *value)
        json_object_set_new(json, key, json_string(value));
}

static void set_number(json_t *json, const char *key, uint64_t value)
{
    if (value)
        json_object_set_new(json, key, json_integer((json_int_t)value));
}

static void set_time(json_t *json, const char *key, uint64_t ns)
{
    scoped_text struct text text = {0};

    if (ns == 0)
        return;
    moment_format(ns, &text);
    set_text(json, key, text.data);
}

static int exit_code(int wait_status)
{
    return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

static void chain_json(const struct why *why, json_t *json)
{
    const struct record *at = why->record;
    json_t *chain = json_array();

    for (int i = 0; i < CHAIN_MOST && (at = next_in_chain(why, at)); i++) {
        scoped_text struct text state = {0};
        json_t *link = json_object();

        state_words(why, at, &state);
        set_text(link, "name", at->name);
        set_text(link, "state", text_get(&state));
        set_text(link, "message", at->message);
        json_array_append_new(chain, link);
    }
    json_object_set_new(json, "waits_for", chain);
}

static void probe_json(const struct why *why, json_t *json)
{
    const struct record_probe *probe = &why->record->probe;
    scoped_text struct text words = {0};
    json_t *object;

    if (probe->count == 0)
        return;
    record_probe_words(probe, &words);
    object = json_object();
    json_object_set_new(json, "last_probe", object);
    set_time(object, "time", probe->ended_ns);
    json_object_set_new(object, "exit_code", json_integer(exit_code(probe->wait_status)));
    json_object_set_new(object, "timed_out", json_boolean(probe->timed_out_ms > 0));
    json_object_set_new(object, "failures", json_integer(probe->failures));
    json_object_set_new(object, "retries", json_integer(probe->retries));
    set_text(object, "words", words.data);
    set_text(object, "output", probe->output);
}

static void memory_json(const struct record *record, json_t *json)
{
    const struct record_end *end = &record->end;
    json_t *object;

    if (!record->oom_killed)
        return;
    object = json_object();
    json_object_set_new(json, "out_of_memory", object);
    set_number(object, "limit_bytes", end->memory_limit_bytes);
    set_number(object, "peak_bytes", end->memory_peak_bytes);
    set_text(object, "killed_process", end->oom_process);
    set_number(object, "killed_process_bytes", end->oom_process_bytes);
    set_number(object, "largest_process_bytes", end->largest_bytes);
}

static void end_json(const struct why *why, json_t *json)
{
    const struct record *record = why->record;
    scoped_text struct text words = {0};
    json_t *object;

    record_end_words(record, &words);
    if (words.length == 0)
        return;
    object = json_object();
    json_object_set_new(json, "last_exit", object);
    set_time(object, "started", record->end.started_ns);
    set_time(object, "finished", record->finished_ns);
    json_object_set_new(object, "exit_code", json_integer(record_exit_code(record)));
    set_text(object, "asked_by", record->end.signal.by);
    set_text(object, "words", words.data);
    memory_json(record, object);
}

static void restart_json(const struct record *record, json_t *json)
{
    json_t *object = json_object();

    json_object_set_new(json, "restarts", object);
    json_object_set_new(object, "count", json_integer(record->restarts));
    json_object_set_new(object, "in_a_row", json_integer(record->restarts_in_row));
    json_object_set_new(object, "crash_loop", json_boolean(record->crash_loop));
    if (record->will_restart)
        set_time(object, "next", record->restart_at_ns);
}

json_t *why_json(const struct why *why)
{
    json_t *json = json_object();
    scoped_text struct text state = {0};

    set_text(json, "service", why->service);
    if (why->record) {
        state_words(why, why->record, &state);
        set_text(json, "name", why->record->name);
        set_text(json, "state", text_get(&state));
        set_text(json, "message", why->record->message);
        chain_json(why, json);
        probe_json(why, json);
        end_json(why, json);
        restart_json(why->record, json);
    } else {
        set_text(json, "state", "never created");
    }
    set_text(json, "configuration", why->configuration);
    json_object_set_new(json, "supervised", json_boolean(!why->unattended));
    return json;
}
