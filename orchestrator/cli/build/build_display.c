/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/build/build_display.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/memory.h"
#include "common/process.h"
#include "common/utf8.h"
#include "orchestrator/cli/picture.h"

/* A longer line is shown in pieces. */
enum { LINE_MOST = 64 * 1024 };
enum { TAIL_LINES = 4, LINE_BYTES = 512, TICK_MS = 100 };

/* A step that runs. */
struct shown_step {
    int64_t id;
    char *build, *label, *text;
    uint64_t began_ms;
    char tail[TAIL_LINES][LINE_BYTES]; /* a ring */
    size_t n_lines;
    struct text line; /* what has no newline yet */
};

struct build_display {
    struct progress_mode mode;
    struct shown_step *steps;
    size_t count, capacity;
    struct picture picture;
    bool is_held;     /* the terminal is somebody else's */
    struct text held; /* what is to be shown afterwards */
};

struct build_display *build_display_new(struct progress_mode mode)
{
    struct build_display *display = memory_new(struct build_display);

    display->mode = mode;
    return display;
}

static void step_done(struct shown_step *step)
{
    free(step->build);
    free(step->label);
    free(step->text);
    text_done(&step->line);
}

void build_display_free(struct build_display *display)
{
    if (!display)
        return;
    for (size_t i = 0; i < display->count; i++)
        step_done(&display->steps[i]);
    free(display->steps);
    picture_done(&display->picture);
    text_done(&display->held);
    free(display);
}

/* Progress that cannot be shown is no reason to stop. */
static void show(struct build_display *display, const struct text *text)
{
    if (display->is_held)
        text_append(&display->held, text_get(text));
    else
        (void)!fd_write_all(STDERR_FILENO, text_get(text), text->length);
}

/* The bytes at the front that a terminal would take for a colour or a movement. */
static size_t sequence_length(const char *text)
{
    size_t length = 2;

    if (text[0] != '\033' || text[1] != '[')
        return 0;
    length += strspn(text + length, "0123456789;:<=>?");
    return text[length] >= '@' && text[length] <= '~' ? length + 1 : length;
}

/* What a program or a Dockerfile says, without anything that a terminal would obey. */
static void append_plain(const char *text, struct text *out)
{
    size_t left = strlen(text), length;

    for (; left > 0; text += length, left -= length) {
        const unsigned char *at = (const unsigned char *)text;
        bool is_control = *at < ' ' || *at == 0x7f || (at[0] == 0xc2 && at[1] < 0xa0);

        length = sequence_length(text);
        if (length > 0)
            continue;
        length = utf8_character_length(at, left);
        if (is_control || length == 0)
            text_append_char(out, *at == '\t' ? ' ' : '?');
        else
            text_append_bytes(out, text, length);
        length = length > 0 ? length : 1;
    }
}

static struct shown_step *find(struct build_display *display, int64_t id)
{
    for (size_t i = 0; i < display->count; i++)
        if (display->steps[i].id == id)
            return &display->steps[i];
    return NULL;
}

static struct shown_step *add(struct build_display *display, const struct build_event *event,
                              const char *text)
{
    struct shown_step *step;

    memory_grow(display->steps, display->count, display->capacity);
    step = &display->steps[display->count++];
    *step = (struct shown_step){.id = event->id,
                                .build = memory_strdup(event->build),
                                .label = memory_strdup(event->label),
                                .text = memory_strdup(text),
                                .began_ms = clock_monotonic_ms()};
    return step;
}

static void drop(struct build_display *display, struct shown_step *step)
{
    size_t at = (size_t)(step - display->steps);

    step_done(step);
    display->count--;
    memmove(step, step + 1, (display->count - at) * sizeof(*step));
}

/* -- the picture */

static void append_step(const struct build_display *display, const struct shown_step *step,
                        unsigned columns, struct text *out)
{
    double seconds = (double)(clock_monotonic_ms() - step->began_ms) / 1000;
    size_t first = step->n_lines > TAIL_LINES ? step->n_lines - TAIL_LINES : 0;
    scoped_text struct text line = {0};

    text_appendf(&line, " > %5.1fs %s %s %s", seconds, step->build, step->label, step->text);
    picture_append_row(out, text_get(&line), columns);
    for (size_t i = first; i < step->n_lines; i++) {
        text_clear(&line);
        text_appendf(&line, "   | %s", step->tail[i % TAIL_LINES]);
        text_append(out, display->mode.colour ? "\033[2m" : "");
        picture_append_row(out, text_get(&line), columns);
        text_append(out, display->mode.colour ? "\033[0m" : "");
    }
}

static void redraw(struct build_display *display, const char *above)
{
    unsigned columns = window_size().columns;
    scoped_text struct text lines = {0};

    if (display->is_held) {
        text_append(&display->held, above);
        return;
    }
    for (size_t i = 0; i < display->count; i++)
        append_step(display, &display->steps[i], columns, &lines);
    picture_draw(&display->picture, above, text_get(&lines));
}

/* A line that stays. */
static void print(struct build_display *display, const char *line)
{
    scoped_text struct text out = {0};

    text_appendf(&out, "%s\n", line);
    if (display->mode.form == PROGRESS_TTY)
        redraw(display, text_get(&out));
    else if (display->mode.form == PROGRESS_PLAIN)
        show(display, &out);
}

/* -- events */

static void on_step(struct build_display *display, const struct build_event *event)
{
    struct shown_step *step = find(display, event->id);
    bool is_terminal = display->mode.form == PROGRESS_TTY;
    scoped_text struct text line = {0}, text = {0};

    append_plain(event->text, &text);
    if (event->state == BUILD_STEP_RUNNING) {
        (void)add(display, event, text_get(&text));
        if (!is_terminal)
            text_appendf(&line, "#%lld %s %s %s", (long long)event->id, event->build, event->label,
                         text_get(&text));
    } else if (is_terminal) {
        static const char *const marks[] = {" ", "=", "\xe2\x9c\x94", "\xe2\x9c\x98"};

        text_appendf(&line, " %s %s %s %s", marks[event->state], event->build, event->label,
                     text_get(&text));
        if (event->state == BUILD_STEP_CACHED)
            text_append(&line, "  CACHED");
        else if (event->ms >= 0)
            text_appendf(&line, "  %.1fs", (double)event->ms / 1000);
    } else if (event->state == BUILD_STEP_CACHED) {
        text_appendf(&line, "#%lld %s %s %s\n#%lld CACHED", (long long)event->id, event->build,
                     event->label, text_get(&text), (long long)event->id);
    } else {
        text_appendf(&line, "#%lld %s %.1fs", (long long)event->id,
                     event->state == BUILD_STEP_DONE ? "DONE" : "FAILED", (double)event->ms / 1000);
    }
    if (step && event->state != BUILD_STEP_RUNNING)
        drop(display, step);
    if (line.length > 0)
        print(display, text_get(&line));
}

static void take_line(struct build_display *display, struct shown_step *step)
{
    scoped_text struct text plain = {0}, line = {0};
    char *slot = step->tail[step->n_lines % TAIL_LINES];
    const char *visible;

    /* What was overwritten is not shown: progress bars go back to the line's beginning, and some
     * lines end as on a terminal. */
    while (step->line.length > 0 && step->line.data[step->line.length - 1] == '\r')
        step->line.data[--step->line.length] = '\0';
    visible = strrchr(text_get(&step->line), '\r');
    append_plain(visible ? visible + 1 : text_get(&step->line), &plain);
    if (display->mode.form == PROGRESS_PLAIN) {
        text_appendf(&line, "#%lld %s", (long long)step->id, text_get(&plain));
        print(display, text_get(&line));
        return;
    }
    strncpy(slot, text_get(&plain), LINE_BYTES - 1);
    slot[LINE_BYTES - 1] = '\0';
    step->n_lines++;
}

static void on_output(struct build_display *display, const struct build_event *event)
{
    struct shown_step *step = find(display, event->id);

    for (const char *p = event->text; step && *p; p++) {
        if (*p != '\n')
            text_append_char(&step->line, *p);
        if (*p != '\n' && step->line.length < LINE_MOST)
            continue;
        take_line(display, step);
        text_clear(&step->line);
    }
}

/* A shell has the terminal to itself: what is drawn goes away, and what happens meanwhile waits. */
static void on_shell(struct build_display *display, const struct build_event *event)
{
    scoped_text struct text line = {0};
    size_t count = display->count;

    display->is_held = false;
    if (event->state != BUILD_STEP_RUNNING) {
        if (display->mode.form == PROGRESS_TTY)
            redraw(display, text_get(&display->held));
        else
            show(display, &display->held);
        text_clear(&display->held);
        return;
    }
    text_append(&line, "A shell in the state before this step; 'exit' ends it: ");
    append_plain(event->text, &line);
    print(display, text_get(&line));
    display->count = 0;
    if (display->mode.form == PROGRESS_TTY)
        redraw(display, "");
    display->count = count;
    display->is_held = true;
}

void build_display_event(struct build_display *display, const struct build_event *event,
                         const char *line)
{
    scoped_text struct text out = {0};

    if (display->mode.form == PROGRESS_JSON) {
        text_appendf(&out, "%s\n", line);
        show(display, &out);
        return;
    }
    switch (event->kind) {
    case BUILD_EVENT_STEP:
        on_step(display, event);
        break;
    case BUILD_EVENT_OUTPUT:
        on_output(display, event);
        break;
    case BUILD_EVENT_SHELL:
        on_shell(display, event);
        break;
    case BUILD_EVENT_PULLED:
        text_appendf(&out, "Pulled %s", event->image);
        print(display, text_get(&out));
        break;
    case BUILD_EVENT_BUILT:
        text_appendf(&out, "Built %s (%s)", event->build, event->image);
        print(display, text_get(&out));
        break;
    case BUILD_EVENT_WARNING:
        text_appendf(&out, "warning: %s%s%s", event->build, *event->build ? ": " : "",
                     event->message);
        build_display_say(display, text_get(&out));
        break;
    default:
        break;
    }
}

void build_display_say(struct build_display *display, const char *line)
{
    scoped_text struct text plain = {0};

    append_plain(line, &plain);
    if (display->mode.form == PROGRESS_TTY || display->mode.form == PROGRESS_PLAIN) {
        print(display, text_get(&plain));
        return;
    }
    text_append_char(&plain, '\n');
    show(display, &plain);
}

void build_display_tick(struct build_display *display)
{
    if (display->mode.form == PROGRESS_TTY && display->count > 0)
        redraw(display, "");
}

void build_display_finish(struct build_display *display)
{
    while (display->count > 0)
        drop(display, &display->steps[0]);
    if (display->mode.form == PROGRESS_TTY)
        redraw(display, "");
}
