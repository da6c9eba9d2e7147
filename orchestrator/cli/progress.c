/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/progress.h"

#include <unistd.h>

#include "common/fd.h"
#include "common/json.h"
#include "common/text.h"
#include "orchestrator/state/record_words.h"

enum { PACE_LINES = 10, PACE_MS = 1000 };

/* `details` may be NULL. */
static void line_json(const char *kind, const char *name, const char *verb, const char *details,
                      struct text *out)
{
    scoped_text struct text id = {0};
    scoped(json_release) json_t *json = NULL;

    text_appendf(&id, "%s %s", kind, name);
    json = json_pack("{s:s, s:s, s:s*}", "id", text_get(&id), "status", verb, "text", details);
    json_format(json, out);
    text_append_char(out, '\n');
}

static void say(const struct progress *progress, const struct text *line)
{
    if (progress->picture)
        picture_print(progress->picture, text_get(line));
    else
        (void)!fd_write_all(STDERR_FILENO, line->data, line->length);
}

void progress_line(const struct progress *progress, const char *kind, const char *name,
                   const char *verb)
{
    scoped_text struct text line = {0};

    if (progress->form == PROGRESS_QUIET)
        return;
    if (progress->form == PROGRESS_JSON)
        line_json(kind, name, verb, NULL, &line);
    else
        text_appendf(&line, " %s %s  %s\n", kind, name, verb);
    say(progress, &line);
}

static const char *phase_verb(const struct record *before, const struct record *now)
{
    switch (now->phase) {
    case PHASE_CREATED:
        return before && before->phase != PHASE_ABSENT ? NULL : "Created";
    case PHASE_STARTING:
        return "Starting";
    case PHASE_RUNNING:
        return before ? "Started" : "Running";
    case PHASE_EXITED:
    case PHASE_DONE:
        if (!before || before->phase == PHASE_EXITED || before->phase == PHASE_DONE)
            return NULL;
        return now->wanted && !now->pending ? "Exited" : "Stopped";
    case PHASE_FAILED:
        return "Error";
    default:
        return NULL;
    }
}

static const char *health_verb(int health)
{
    switch (health) {
    case HEALTH_STARTING:
        return "Waiting";
    case HEALTH_HEALTHY:
        return "Healthy";
    case HEALTH_UNHEALTHY:
        return "Unhealthy";
    default:
        return NULL;
    }
}

void progress_change(const struct progress *progress, const struct record *before,
                     const struct record *now)
{
    const char *verb;

    if (!before && progress->changes_only)
        return;
    if (!before || before->phase != now->phase) {
        verb = phase_verb(before, now);
        if (verb && !(progress->hide_exits && string_eq(verb, "Exited")))
            progress_line(progress, "Container", now->name, verb);
    }
    if (now->phase == PHASE_RUNNING && (!before || before->health != now->health) &&
        (verb = health_verb(now->health)))
        progress_line(progress, "Container", now->name, verb);
    if (before && before->paused != now->paused && now->phase == PHASE_RUNNING)
        progress_line(progress, "Container", now->name, now->paused ? "Paused" : "Unpaused");
}

bool progress_pace_takes(struct progress_pace *pace, uint64_t now_ms)
{
    if (pace->next_ms > now_ms + (uint64_t)PACE_LINES * PACE_MS)
        return false;
    pace->next_ms = (pace->next_ms > now_ms ? pace->next_ms : now_ms) + PACE_MS;
    return true;
}

static void wait_words(const struct progress *progress, const struct record *record,
                       struct text *out)
{
    bool probed = record->phase == PHASE_RUNNING && record->health == HEALTH_STARTING &&
                  record->probe.wait_status != 0;

    if (record->phase == PHASE_CREATED && record->message)
        text_append(out, record->message);
    else if (progress->probes && probed)
        record_probe_words(&record->probe, out);
}

void progress_wait_words(const struct progress *progress, const struct record *before,
                         const struct record *now, struct text *out)
{
    scoped_text struct text old = {0}, new = {0};

    if (before)
        wait_words(progress, before, &old);
    wait_words(progress, now, &new);
    if (!string_eq(text_get(&old), text_get(&new)))
        text_append(out, text_get(&new));
}

void progress_wait(const struct progress *progress, const struct record *now, const char *words)
{
    scoped_text struct text line = {0};

    if (progress->form == PROGRESS_QUIET)
        return;
    if (progress->form == PROGRESS_JSON)
        line_json("Container", now->name, now->blocked ? "Error" : "Waiting", words, &line);
    else
        text_appendf(&line, " Container %s  %s\n", now->name, words);
    say(progress, &line);
}
