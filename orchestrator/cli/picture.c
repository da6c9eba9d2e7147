/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/picture.h"

#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/utf8.h"

enum { DEFAULT_COLUMNS = 80, DEFAULT_ROWS = 24 };

void picture_done(struct picture *picture)
{
    text_done(&picture->lines);
}

struct window window_size(void)
{
    struct window window = {.columns = DEFAULT_COLUMNS, .rows = DEFAULT_ROWS};
    struct winsize size = {0};

    (void)ioctl(STDERR_FILENO, TIOCGWINSZ, &size);
    if (size.ws_col > 0)
        window.columns = size.ws_col;
    if (size.ws_row > 0)
        window.rows = size.ws_row;
    return window;
}

unsigned picture_rows(const char *lines, unsigned columns)
{
    unsigned rows = 0, width = 0;

    for (const char *p = lines; *p; p++) {
        if (*p == '\033')
            p += strcspn(p, "m");
        else if (*p != '\n')
            width += utf8_is_start(*p);
        if (*p == '\n') {
            rows += width > columns && columns > 0 ? (width + columns - 1) / columns : 1;
            width = 0;
        }
        if (!*p)
            break;
    }
    return rows;
}

void picture_append_row(struct text *out, const char *text, unsigned columns)
{
    const char *end = text;

    for (unsigned used = 0; *end && used + 1 < columns; used++)
        for (end++; *end && !utf8_is_start(*end); end++)
            ;
    text_append_bytes(out, text, (size_t)(end - text));
    text_append_char(out, '\n');
}

/* Puts the cursor where the picture began and clears from there; the window may have become
 * narrower since it was drawn. */
static void picture_replace(const struct picture *picture, const char *above, const char *lines)
{
    unsigned rows = picture_rows(text_get(&picture->lines), window_size().columns);
    scoped_text struct text out = {0};

    if (rows > 0)
        text_appendf(&out, "\033[%uA", rows);
    text_append(&out, "\r\033[J");
    text_append(&out, above);
    text_append(&out, lines);
    (void)!fd_write_all(STDERR_FILENO, out.data, out.length);
}

void picture_draw(struct picture *picture, const char *above, const char *lines)
{
    picture_replace(picture, above, lines);
    text_clear(&picture->lines);
    text_append(&picture->lines, lines);
}

void picture_print(const struct picture *picture, const char *above)
{
    picture_replace(picture, above, text_get(&picture->lines));
}
