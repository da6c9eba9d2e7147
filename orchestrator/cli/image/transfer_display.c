/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/image/transfer_display.h"

#include <unistd.h>

#include "common/fd.h"
#include "common/json.h"
#include "common/memory.h"
#include "common/process.h"
#include "orchestrator/cli/image/transfer_lines.h"
#include "orchestrator/cli/image/transfer_view.h"
#include "orchestrator/cli/picture.h"

struct transfer_display {
    struct transfer *transfer;
    struct progress_mode mode;
    struct picture picture;
};

struct transfer_display *transfer_display_new(struct transfer *transfer, struct progress_mode mode)
{
    struct transfer_display *display = memory_new(struct transfer_display);

    display->transfer = transfer;
    display->mode = mode;
    return display;
}

void transfer_display_free(struct transfer_display *display)
{
    if (!display)
        return;
    picture_done(&display->picture);
    free(display);
}

/* Progress that cannot be shown is no reason to stop. */
static void show(const struct text *text)
{
    (void)!fd_write_all(STDERR_FILENO, text_get(text), text->length);
}

static void redraw(struct transfer_display *display)
{
    struct window window = window_size();
    struct transfer_view view = {.columns = window.columns,
                                 .rows = window.rows,
                                 .colour = display->mode.colour,
                                 .now_ms = clock_monotonic_ms()};
    scoped_text struct text lines = {0};

    transfer_view_render(display->transfer, &view, &lines);
    picture_draw(&display->picture, "", text_get(&lines));
}

/* -- events */

static void change_tell(const struct transfer_display *display,
                        const struct transfer_change *change)
{
    scoped_text struct text out = {0};

    if (display->mode.form == PROGRESS_PLAIN)
        transfer_lines_plain(display->transfer, change, &out);
    else if (display->mode.form == PROGRESS_JSON)
        transfer_lines_json(display->transfer, change, &out);
    show(&out);
}

static void warning_tell(struct transfer_display *display, const struct image_event *event)
{
    const struct transfer_image *image = transfer_find(display->transfer, event->image);
    scoped_text struct text line = {0};

    /* Among JSON a line says its level beside it. */
    text_appendf(&line, "%s%s%s%s",
                 display->mode.form == PROGRESS_JSON ? "" : "warning: ", image ? image->label : "",
                 image ? ": " : "", event->message);
    transfer_display_say(display, text_get(&line));
}

void transfer_display_event(struct transfer_display *display, const struct image_event *event)
{
    struct transfer_change change = transfer_apply(display->transfer, event, clock_monotonic_ms());

    if (event->kind == IMAGE_EVENT_WARNING)
        warning_tell(display, event);
    change_tell(display, &change);
}

/* As docker compose writes its warnings among progress in JSON. */
static void say_json(const char *line)
{
    scoped(json_release) json_t *json = json_pack("{s:s, s:s}", "level", "warning", "msg", line);
    scoped_text struct text out = {0};

    json_format(json, &out);
    text_append_char(&out, '\n');
    show(&out);
}

void transfer_display_say(struct transfer_display *display, const char *line)
{
    scoped_text struct text plain = {0};

    transfer_append_plain(line, &plain);
    if (display->mode.form == PROGRESS_JSON) {
        say_json(text_get(&plain));
        return;
    }
    text_append_char(&plain, '\n');
    if (display->mode.form == PROGRESS_TTY)
        picture_print(&display->picture, text_get(&plain));
    else
        show(&plain);
}

void transfer_display_tick(struct transfer_display *display)
{
    transfer_tick(display->transfer, clock_monotonic_ms());
    if (display->mode.form == PROGRESS_TTY)
        redraw(display);
}

void transfer_display_finish(struct transfer_display *display, const char *reason)
{
    transfer_finish(display->transfer, reason, clock_monotonic_ms());
    if (display->mode.form == PROGRESS_TTY)
        redraw(display);
}
