/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/compose/yaml_style.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "orchestrator/compose/yaml_scalar.h"

enum { LONGEST_SIMPLE_KEY = 128 };

/* What the text contains, as far as it decides on the styles. */
struct analysis {
    bool block_indicators; /* something that means more than text outside of quotes */
    bool line_breaks, special, tabs;
    bool leading_space, leading_break, trailing_space, trailing_break;
    bool break_space, space_break;
};

static size_t rune_width(const unsigned char *p)
{
    return *p < 0x80 ? 1 : (*p & 0xe0) == 0xc0 ? 2 : (*p & 0xf0) == 0xe0 ? 3 : 4;
}

static bool is_valid_utf8(const char *text)
{
    const unsigned char *p = (const unsigned char *)text;

    while (*p) {
        size_t width = rune_width(p);

        if ((*p >= 0x80 && *p < 0xc2) || *p > 0xf4)
            return false;
        for (size_t i = 1; i < width; i++) {
            if ((p[i] & 0xc0) != 0x80)
                return false;
        }
        p += width;
    }
    return true;
}

static bool is_printable(const unsigned char *p)
{
    if (p[0] == '\n' || (p[0] >= 0x20 && p[0] <= 0x7e))
        return true;
    if (p[0] == 0xc2)
        return p[1] >= 0xa0;
    if (p[0] == 0xed)
        return p[1] < 0xa0;
    if (p[0] == 0xef)
        return !(p[1] == 0xbb && p[2] == 0xbf) && !(p[1] == 0xbf && p[2] >= 0xbe);
    return p[0] > 0xc2 && p[0] < 0xf0;
}

/* CR, LF, NEL, LS, PS. */
static bool is_break(const unsigned char *p)
{
    return p[0] == '\n' || p[0] == '\r' || (p[0] == 0xc2 && p[1] == 0x85) ||
           (p[0] == 0xe2 && p[1] == 0x80 && (p[2] == 0xa8 || p[2] == 0xa9));
}

static bool is_blank_or_end(const unsigned char *p)
{
    return *p == ' ' || *p == '\t' || *p == '\0' || is_break(p);
}

static bool is_indicator(const unsigned char *p, bool first, bool after_blank)
{
    bool before_blank = *p && is_blank_or_end(p + rune_width(p));

    if (first) {
        if (strchr("#,[]{}&*!|>'\"%@`", *p))
            return true;
        if (strchr("?:-", *p))
            return before_blank;
        return false;
    }
    return (*p == ':' && before_blank) || (*p == '#' && after_blank);
}

static void note_break(struct analysis *analysis, const unsigned char *p, bool first, bool last,
                       bool after_space)
{
    (void)p;
    analysis->line_breaks = true;
    analysis->leading_break |= first;
    analysis->trailing_break |= last;
    analysis->space_break |= after_space;
}

static struct analysis analyse(const char *text)
{
    const unsigned char *p = (const unsigned char *)text;
    struct analysis analysis = {0};
    bool after_blank = true, after_space = false, after_break = false;

    analysis.block_indicators = strncmp(text, "---", 3) == 0 || strncmp(text, "...", 3) == 0;
    for (bool first = true; *p; first = false, p += rune_width(p)) {
        bool last = p[rune_width(p)] == '\0';

        analysis.block_indicators |= is_indicator(p, first, after_blank);
        analysis.tabs |= *p == '\t';
        analysis.special |= *p != '\t' && !is_printable(p) && !is_break(p);
        analysis.special |= is_break(p) && *p != '\n' && !is_printable(p);
        if (*p == ' ') {
            analysis.leading_space |= first;
            analysis.trailing_space |= last;
            analysis.break_space |= after_break;
            after_space = true;
            after_break = false;
        } else if (is_break(p)) {
            note_break(&analysis, p, first, last, after_space);
            after_space = false;
            after_break = true;
        } else {
            after_space = after_break = false;
        }
        after_blank = is_blank_or_end(p);
    }
    return analysis;
}

static bool plain_allowed(const struct analysis *analysis)
{
    return !analysis->leading_space && !analysis->leading_break && !analysis->trailing_space &&
           !analysis->trailing_break && !analysis->break_space && !analysis->space_break &&
           !analysis->tabs && !analysis->special && !analysis->line_breaks &&
           !analysis->block_indicators;
}

static bool single_quoted_allowed(const struct analysis *analysis)
{
    return !analysis->break_space && !analysis->space_break && !analysis->tabs &&
           !analysis->special;
}

static bool literal_allowed(const struct analysis *analysis)
{
    return !analysis->trailing_space && !analysis->space_break && !analysis->special;
}

static void write_single_quoted(const char *text, struct text *out)
{
    text_append_char(out, '\'');
    for (; *text; text++) {
        if (*text == '\'')
            text_append_char(out, '\'');
        text_append_char(out, *text);
    }
    text_append_char(out, '\'');
}

static uint32_t decode_rune(const unsigned char *p)
{
    switch (rune_width(p)) {
    case 1:
        return p[0];
    case 2:
        return (uint32_t)(p[0] & 0x1f) << 6 | (p[1] & 0x3f);
    case 3:
        return (uint32_t)(p[0] & 0x0f) << 12 | (uint32_t)(p[1] & 0x3f) << 6 | (p[2] & 0x3f);
    default:
        return (uint32_t)(p[0] & 0x07) << 18 | (uint32_t)(p[1] & 0x3f) << 12 |
               (uint32_t)(p[2] & 0x3f) << 6 | (p[3] & 0x3f);
    }
}

static void write_escape(const unsigned char *p, struct text *out)
{
    static const char codes[] = "\a\b\t\n\v\f\r\x1b\"\\";
    static const char letters[] = "abtnvfre\"\\";
    const char *found = *p < 0x80 ? strchr(codes, *p) : NULL;
    uint32_t rune = decode_rune(p);

    if (found)
        text_appendf(out, "\\%c", letters[found - codes]);
    else if (rune == 0x85)
        text_append(out, "\\N");
    else if (rune == 0xa0)
        text_append(out, "\\_");
    else if (rune == 0x2028)
        text_append(out, "\\L");
    else if (rune == 0x2029)
        text_append(out, "\\P");
    else if (rune <= 0xff)
        text_appendf(out, "\\x%02X", rune);
    else if (rune <= 0xffff)
        text_appendf(out, "\\u%04X", rune);
    else
        text_appendf(out, "\\U%08X", rune);
}

static void write_double_quoted(const char *text, struct text *out)
{
    const unsigned char *p = (const unsigned char *)text;

    text_append_char(out, '"');
    for (; *p; p += rune_width(p)) {
        if (*p == '"' || *p == '\\' || is_break(p) || !is_printable(p))
            write_escape(p, out);
        else
            text_append_bytes(out, p, rune_width(p));
    }
    text_append_char(out, '"');
}

/* The header says what the first line and the last line break cannot: extra indentation, a missing
 * or additional newline. */
static void write_literal(const char *text, unsigned indent, struct text *out)
{
    size_t length = strlen(text);

    text_append_char(out, '|');
    if (*text == ' ' || is_break((const unsigned char *)text))
        text_append_char(out, '2');
    if (length == 0 || text[length - 1] != '\n')
        text_append_char(out, '-');
    else if (length == 1 || text[length - 2] == '\n')
        text_append_char(out, '+');
    text_append_char(out, '\n');
    while (*text) {
        size_t line = strcspn(text, "\n");

        if (line > 0) {
            text_appendf(out, "%*s", (int)indent, "");
            text_append_bytes(out, text, line);
        }
        text += line;
        if (*text || line > 0)
            text_append_char(out, '\n');
        text += *text == '\n';
    }
    out->data[--out->length] = '\0'; /* the caller ends the line */
}

static bool needs_quotes(const char *text)
{
    return !*text || !yaml_scalar_is_text(text);
}

void yaml_style_write(const char *value, unsigned indent, struct text *out)
{
    struct analysis analysis;

    if (!is_valid_utf8(value)) {
        write_double_quoted(value, out);
        return;
    }
    analysis = analyse(value);
    if (strchr(value, '\n')) {
        if (literal_allowed(&analysis))
            write_literal(value, indent, out);
        else
            write_double_quoted(value, out);
    } else if (needs_quotes(value)) {
        write_double_quoted(value, out);
    } else if (plain_allowed(&analysis)) {
        text_append(out, value);
    } else if (single_quoted_allowed(&analysis)) {
        write_single_quoted(value, out);
    } else {
        write_double_quoted(value, out);
    }
}

bool yaml_style_write_key(const char *key, struct text *out)
{
    if (strlen(key) > LONGEST_SIMPLE_KEY || strchr(key, '\n'))
        return false;
    yaml_style_write(key, 0, out);
    return true;
}
