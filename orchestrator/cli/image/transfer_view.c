/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/image/transfer_view.h"

#include <stdio.h>

#include "common/units.h"
#include "common/utf8.h"

enum { LABEL_MOST = 30, BAR_MOST = 25, BAR_LEAST = 6, SPIN_MS = 100 };

static const char RED[] = "\033[31m", GREEN[] = "\033[32m", BLUE[] = "\033[34m";
static const char FAINT[] = "\033[2m", PLAIN[] = "\033[0m";

/* -- one line, clipped as it is written */

struct line {
    struct text *out;
    unsigned left; /* columns */
    bool colour;
};

/* Everything that is shown is one column a character. `colour` may be NULL. */
static void put(struct line *line, const char *colour, const char *text)
{
    if (line->left == 0 || !*text)
        return;
    if (line->colour && colour)
        text_append(line->out, colour);
    for (; *text; text++) {
        if (utf8_is_start(*text)) {
            if (line->left == 0)
                break;
            line->left--;
        }
        text_append_char(line->out, *text);
    }
    if (line->colour && colour)
        text_append(line->out, PLAIN);
}

static void put_spaces(struct line *line, unsigned count)
{
    while (count-- > 0 && line->left > 0)
        put(line, NULL, " ");
}

static struct line line_start(const struct transfer_view *view, struct text *out)
{
    /* A full last column makes some terminals wrap before the newline does. */
    return (struct line){out, view->columns > 1 ? view->columns - 1 : view->columns, view->colour};
}

static void line_end(struct line *line)
{
    text_append_char(line->out, '\n');
}

/* -- pieces */

static void bar_text(int64_t done, int64_t whole, unsigned width, struct text *out)
{
    double part = whole > 0 ? (double)done / (double)whole : 0;
    unsigned filled = (unsigned)((part > 1 ? 1 : part) * width);

    text_append_char(out, '[');
    for (unsigned i = 0; i < width; i++)
        text_append_char(out, i < filled ? '=' : i == filled ? '>' : ' ');
    text_append_char(out, ']');
}

static void bytes_pair(int64_t done, int64_t whole, struct text *out)
{
    bytes_format_decimal((uint64_t)done, out);
    if (whole > 0) {
        text_append(out, " / ");
        bytes_format_decimal((uint64_t)whole, out);
    }
}

static void put_bar(struct line *line, const struct transfer_view *view, int64_t done,
                    int64_t whole)
{
    unsigned width = view->columns / 4 > BAR_MOST ? BAR_MOST : view->columns / 4;
    scoped_text struct text bar = {0}, bytes = {0};

    if (width >= BAR_LEAST && whole > 0) {
        bar_text(done, whole, width, &bar);
        text_append(&bar, "  ");
    }
    bytes_pair(done, whole, &bytes);
    put(line, BLUE, text_get(&bar));
    put(line, NULL, text_get(&bytes));
}

/* At the right edge, where there is room. */
static void put_time(struct line *line, const struct transfer_view *view,
                     const struct transfer_image *image)
{
    uint64_t end_ms = image->phase == TRANSFER_RUNNING ? view->now_ms : image->ended_ms;
    char time[32];
    unsigned width;

    if (image->phase == TRANSFER_WAITING || end_ms < image->started_ms)
        return;
    width = (unsigned)snprintf(time, sizeof(time), "%.1fs",
                               (double)(end_ms - image->started_ms) / 1000);
    if (line->left < width + 1)
        return;
    put_spaces(line, line->left - width);
    put(line, FAINT, time);
}

static const char *spinner(uint64_t now_ms)
{
    static const char *const frames[] = {"⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"};

    return frames[now_ms / SPIN_MS % ARRAY_LENGTH(frames)];
}

static void put_mark(struct line *line, const struct transfer_image *image, uint64_t now_ms)
{
    put(line, NULL, " ");
    if (image->phase == TRANSFER_DONE)
        put(line, GREEN, "✔");
    else if (image->phase == TRANSFER_FAILED)
        put(line, RED, "✘");
    else
        put(line, BLUE, image->phase == TRANSFER_RUNNING ? spinner(now_ms) : "-");
    put(line, NULL, " ");
}

/* -- lines */

static unsigned label_width(const struct transfer *transfer)
{
    size_t width = 0;

    for (size_t i = 0; i < transfer->n_images; i++)
        if (strlen(transfer->images[i].label) > width)
            width = strlen(transfer->images[i].label);
    return width > LABEL_MOST ? LABEL_MOST : (unsigned)width;
}

static void put_label(struct line *line, const char *label, unsigned width)
{
    char cut[LABEL_MOST + 1];

    (void)snprintf(cut, sizeof(cut), "%-*s", (int)width, label);
    put(line, NULL, cut);
    put(line, NULL, "  ");
}

static void put_running(struct line *line, const struct transfer_view *view,
                        const struct transfer_image *image)
{
    scoped_text struct text rate = {0};

    if (image->size == 0 && image->moved == 0) {
        put(line, NULL, "Resolving");
        return;
    }
    put_bar(line, view, image->moved, image->size);
    if (image->rate > 0) {
        text_append(&rate, "  ");
        bytes_format_decimal((uint64_t)image->rate, &rate);
        text_append(&rate, "/s");
    }
    put(line, NULL, text_get(&rate));
}

static void image_line(const struct transfer *transfer, const struct transfer_view *view,
                       const struct transfer_image *image, struct text *out)
{
    struct line line = line_start(view, out);

    put_mark(&line, image, view->now_ms);
    put_label(&line, image->label, label_width(transfer));
    if (image->phase == TRANSFER_WAITING) {
        put(&line, FAINT, "Waiting");
    } else if (image->phase == TRANSFER_RUNNING) {
        put_running(&line, view, image);
    } else if (image->phase == TRANSFER_DONE) {
        put(&line, GREEN, transfer->kind == TRANSFER_PUSH ? "Pushed" : "Pulled");
    } else {
        put(&line, RED, "Error ");
        put(&line, RED, image->message);
    }
    put_time(&line, view, image);
    line_end(&line);
}

static bool layer_is_shown(const struct transfer_layer *layer)
{
    return layer->state == LAYER_DOWNLOADING || layer->state == LAYER_UNPACKING ||
           layer->state == LAYER_PUSHING;
}

static void layer_line(const struct transfer_view *view, const struct transfer_layer *layer,
                       struct text *out)
{
    bool unpacks = layer->state == LAYER_UNPACKING;
    struct line line = line_start(view, out);
    char id[13];

    put(&line, NULL, "   ");
    put(&line, FAINT, transfer_short_digest(layer->digest, id));
    put(&line, NULL, "  ");
    put(&line, NULL,
        unpacks                         ? "Unpacking    "
        : layer->state == LAYER_PUSHING ? "Pushing      "
                                        : "Downloading  ");
    put_bar(&line, view, unpacks ? layer->unpacked : layer->moved,
            unpacks ? layer->whole : layer->size);
    line_end(&line);
}

static void head_line(const struct transfer *transfer, const struct transfer_view *view,
                      struct text *out)
{
    struct line line = line_start(view, out);
    scoped_text struct text words = {0};

    text_appendf(&words, "[+] %s %zu/%zu", transfer->kind == TRANSFER_PUSH ? "Pushing" : "Pulling",
                 transfer_count(transfer, TRANSFER_DONE), transfer->n_images);
    put(&line, NULL, text_get(&words));
    line_end(&line);
}

static void rest_line(const struct transfer_view *view, size_t count, struct text *out)
{
    struct line line = line_start(view, out);
    char words[48];

    (void)snprintf(words, sizeof(words), "   and %zu more", count);
    put(&line, FAINT, words);
    line_end(&line);
}

/* -- what fits */

/* What is lowest goes first when there is no room. */
static int importance(enum transfer_phase phase)
{
    switch (phase) {
    case TRANSFER_FAILED:
        return 3;
    case TRANSFER_RUNNING:
        return 2;
    case TRANSFER_WAITING:
        return 1;
    default:
        return 0;
    }
}

/* How many images come before this one when there is not room for all. */
static size_t image_rank(const struct transfer *transfer, size_t index)
{
    int own = importance(transfer->images[index].phase);
    size_t rank = 0;

    for (size_t i = 0; i < transfer->n_images; i++) {
        int other = importance(transfer->images[i].phase);

        rank += other > own || (other == own && i < index);
    }
    return rank;
}

/* The layers of one image in at most `room` lines. Returns how many it took. */
static size_t render_layers(const struct transfer_view *view, const struct transfer_image *image,
                            size_t room, struct text *out)
{
    size_t taken = 0;

    if (image->phase != TRANSFER_RUNNING)
        return 0;
    for (size_t i = 0; i < image->n_layers && taken < room; i++) {
        if (!layer_is_shown(&image->layers[i]))
            continue;
        layer_line(view, &image->layers[i], out);
        taken++;
    }
    return taken;
}

void transfer_view_render(const struct transfer *transfer, const struct transfer_view *view,
                          struct text *out)
{
    size_t room = view->rows > 2 ? view->rows - 2 : 0; /* below the head, above the cursor */
    size_t shown = transfer->n_images, spare;

    head_line(transfer, view, out);
    if (shown > room)
        shown = room > 0 ? room - 1 : 0;
    spare = room - shown;
    for (size_t i = 0; i < transfer->n_images; i++) {
        if (shown < transfer->n_images && image_rank(transfer, i) >= shown)
            continue;
        image_line(transfer, view, &transfer->images[i], out);
        if (shown == transfer->n_images)
            spare -= render_layers(view, &transfer->images[i], spare, out);
    }
    if (shown < transfer->n_images && room > 0)
        rest_line(view, transfer->n_images - shown, out);
}
