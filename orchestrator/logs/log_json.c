/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/logs/log_json.h"

#include <string.h>

#include "common/base64.h"
#include "common/moment.h"
#include "common/utf8.h"

static bool is_plain(unsigned char c)
{
    return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

static void append_special(struct text *out, unsigned char c)
{
    static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
    const char *found = c ? strchr(from, c) : NULL;

    if (found)
        text_appendf(out, "\\%c", to[found - from]);
    else
        text_appendf(out, "\\u%04x", c);
}

/* False when some of it was no UTF-8. */
static bool append_string(struct text *out, const char *text, size_t length)
{
    const unsigned char *bytes = (const unsigned char *)text;
    bool whole = true;

    text_append_char(out, '"');
    for (size_t i = 0; i < length;) {
        size_t run = i, n;

        while (run < length && is_plain(bytes[run]))
            run++;
        text_append_bytes(out, text + i, run - i);
        i = run;
        if (i == length)
            break;
        n = utf8_character_length(bytes + i, length - i);
        if (n == 0) {
            text_append(out, "\xef\xbf\xbd");
            whole = false;
            n = 1;
        } else if (n == 1) {
            append_special(out, bytes[i]);
        } else {
            text_append_bytes(out, text + i, n);
        }
        i += n;
    }
    text_append_char(out, '"');
    return whole;
}

void log_json_append(struct text *out, const struct log_line *line, const char *service,
                     enum line_level level)
{
    static const char *const streams[] = {"stdout", "stderr", "event"};
    bool whole;

    text_append(out, "{\"time\":\"");
    moment_format(line->time_ns, out);
    text_append(out, "\",\"service\":");
    (void)append_string(out, service, strlen(service));
    text_append(out, ",\"container\":");
    (void)append_string(out, line->name, strlen(line->name));
    text_append(out, ",\"stream\":\"");
    text_append(out, streams[line->stream - 1]);
    text_append(out, "\",\"line\":");
    whole = append_string(out, line->text, line->length);
    text_append(out, ",\"level\":");
    if (level == LEVEL_NONE)
        text_append(out, "null");
    else
        (void)append_string(out, line_level_name(level), strlen(line_level_name(level)));
    if (!whole) {
        text_append(out, ",\"base64\":\"");
        base64_append(out, line->text, line->length);
        text_append_char(out, '"');
    }
    text_append(out, line->partial ? ",\"partial\":true}" : "}");
}
