/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/image/transfer_display.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/json.h"
#include "common/memory.h"
#include "common/process.h"
#include "orchestrator/cli/image/transfer_lines.h"
#include "orchestrator/cli/image/transfer_view.h"

enum { DEFAULT_COLUMNS = 80, DEFAULT_ROWS = 24 };

struct transfer_display {
    struct transfer *transfer;
    struct progress_mode mode;
    struct text picture; /* as it stands there */
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
    text_done(&display->picture);
    free(display);
}

/* Progress that cannot be shown is no reason to stop. */
static void show(const struct text *text)
{
    (void)!fd_write_all(STDERR_FILENO, text_get(text), text->length);
}

/* -- the picture */

static struct transfer_view view_now(const struct transfer_display *display)
{
    struct transfer_view view = {.columns = DEFAULT_COLUMNS,
                                 .rows = DEFAULT_ROWS,
                                 .colour = display->mode.colour,
                                 .now_ms = clock_monotonic_ms()};
    struct winsize size;

    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0) {
        view.columns = size.ws_col;
        view.rows = size.ws_row;
    }
    return view;
}

/* Puts the cursor where the old picture began and clears from there; the window may have become
 * narrower since it was drawn. */
static void picture_erase(const struct transfer_display *display, unsigned columns,
                          struct text *out)
{
    unsigned rows = transfer_view_rows(text_get(&display->picture), columns);

    if (rows > 0)
        text_appendf(out, "\033[%uA", rows);
    text_append(out, "\r\033[J");
}

static void picture_redraw(struct transfer_display *display, const char *above)
{
    struct transfer_view view = view_now(display);
    scoped_text struct text out = {0};

    picture_erase(display, view.columns, &out);
    text_append(&out, above);
    text_clear(&display->picture);
    transfer_view_render(display->transfer, &view, &display->picture);
    text_append(&out, text_get(&display->picture));
    show(&out);
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
        picture_redraw(display, text_get(&plain));
    else
        show(&plain);
}

void transfer_display_tick(struct transfer_display *display)
{
    transfer_tick(display->transfer, clock_monotonic_ms());
    if (display->mode.form == PROGRESS_TTY)
        picture_redraw(display, "");
}

void transfer_display_finish(struct transfer_display *display, const char *reason)
{
    transfer_finish(display->transfer, reason, clock_monotonic_ms());
    if (display->mode.form == PROGRESS_TTY)
        picture_redraw(display, "");
}
