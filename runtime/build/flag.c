/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/build/flag.h"

#include <string.h>
#include <strings.h>

#include "common/text.h"
#include "runtime/build/build_limits.h"
#include "runtime/build/suggestion.h"

enum flag_form {
    FORM_VALUE,
    FORM_VALUES, /* may be there several times */
    FORM_SWITCH, /* on or off */
};

static const struct {
    const char *name;
    enum flag_form form;
} forms[N_FLAGS] = {
    [FLAG_CHECKSUM] = {"checksum", FORM_VALUE},
    [FLAG_CHMOD] = {"chmod", FORM_VALUE},
    [FLAG_CHOWN] = {"chown", FORM_VALUE},
    [FLAG_DEVICE] = {"device", FORM_VALUES},
    [FLAG_EXCLUDE] = {"exclude", FORM_VALUES},
    [FLAG_FROM] = {"from", FORM_VALUE},
    [FLAG_INTERVAL] = {"interval", FORM_VALUE},
    [FLAG_KEEP_GIT_DIR] = {"keep-git-dir", FORM_SWITCH},
    [FLAG_LINK] = {"link", FORM_SWITCH},
    [FLAG_MOUNT] = {"mount", FORM_VALUES},
    [FLAG_NETWORK] = {"network", FORM_VALUE},
    [FLAG_PARENTS] = {"parents", FORM_SWITCH},
    [FLAG_PLATFORM] = {"platform", FORM_VALUE},
    [FLAG_RETRIES] = {"retries", FORM_VALUE},
    [FLAG_SECURITY] = {"security", FORM_VALUE},
    [FLAG_START_INTERVAL] = {"start-interval", FORM_VALUE},
    [FLAG_START_PERIOD] = {"start-period", FORM_VALUE},
    [FLAG_TIMEOUT] = {"timeout", FORM_VALUE},
    [FLAG_UNPACK] = {"unpack", FORM_SWITCH},
};

/* "--name=value" without its quotes. */
struct flag_word {
    char *name;        /* behind the dashes */
    const char *value; /* NULL: no '=' */
    struct position at, value_at;
};

const char *flag_name(enum flag_kind kind)
{
    return forms[kind].name;
}

/* Reads one word; a backslash and quotes keep blanks in it. Returns its end. */
static const char *read_word(const struct logical_line *line, const char *text, struct arena *arena,
                             struct flag_word *ret_word)
{
    scoped_text struct text plain = {0};
    const char *end = line->text + line->length, *p, *value = NULL;
    char quote = '\0';

    for (p = text + 2; p < end && (quote || !char_is_blank(*p)); p++) {
        if (*p == '=' && !value)
            value = p + 1;
        if (*p == '\\' && p + 1 < end)
            text_append_char(&plain, *++p);
        else if (quote ? *p == quote : *p == '\'' || *p == '"')
            quote = quote ? '\0' : *p;
        else
            text_append_char(&plain, *p);
    }
    ret_word->name = arena_strdup(arena, text_get(&plain));
    ret_word->at = logical_line_at(line, (size_t)(text - line->text));
    ret_word->value_at = value ? logical_line_at(line, (size_t)(value - line->text)) : ret_word->at;
    ret_word->value = strchr(ret_word->name, '=');
    if (ret_word->value) {
        ret_word->name[ret_word->value - ret_word->name] = '\0';
        ret_word->value++;
    }
    return p;
}

static void add_unknown(const struct flag_scan *scan, const struct flag_word *word,
                        struct diagnostics *diagnostics)
{
    const char *candidates[N_FLAGS];
    struct suggestion suggestion = {word->name, candidates, 0, "--"};

    for (size_t i = 0; i < N_FLAGS; i++) {
        if (scan->allowed & FLAG_BIT(i))
            candidates[suggestion.count++] = forms[i].name;
    }
    suggestion_add(&suggestion, diagnostics, word->at, scan->path, "unknown flag");
}

static bool decode_switch(const char *value, const char **ret_value)
{
    if (!value || strcasecmp(value, "true") == 0)
        *ret_value = "true";
    else if (strcasecmp(value, "false") == 0)
        *ret_value = "false";
    else
        return false;
    return true;
}

static bool decode(const struct flag_scan *scan, const struct flag_word *word,
                   struct diagnostics *diagnostics, struct flag *flag)
{
    flag->at = word->at;
    flag->value = (struct word){word->value, word->value_at};
    if (forms[flag->kind].form == FORM_SWITCH) {
        if (decode_switch(word->value, &flag->value.text))
            return true;
        diagnostics_error(diagnostics, word->value_at, scan->path,
                          "--%s must be true or false, not '%s'", word->name, word->value);
        return false;
    }
    if (!word->value) {
        diagnostics_error(diagnostics, word->at, scan->path, "--%s needs a value: --%s=...",
                          word->name, word->name);
        return false;
    }
    return true;
}

static bool list_has(const struct flag_list *list, enum flag_kind kind)
{
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i].kind == kind)
            return true;
    }
    return false;
}

static void list_add(const struct flag_scan *scan, struct arena *arena,
                     const struct flag_word *word, struct diagnostics *diagnostics,
                     struct flag_list *list)
{
    struct flag flag = {.kind = N_FLAGS};

    for (size_t i = 0; i < N_FLAGS; i++) {
        if ((scan->allowed & FLAG_BIT(i)) && strcmp(word->name, forms[i].name) == 0)
            flag.kind = (enum flag_kind)i;
    }
    if (flag.kind == N_FLAGS) {
        add_unknown(scan, word, diagnostics);
    } else if (forms[flag.kind].form != FORM_VALUES && list_has(list, flag.kind)) {
        diagnostics_error(diagnostics, word->at, scan->path, "--%s is there twice", word->name);
    } else if (list->count == LIMIT_INSTRUCTION_FLAGS) {
        diagnostics_error(diagnostics, word->at, scan->path, "there are too many flags");
    } else if (decode(scan, word, diagnostics, &flag)) {
        list->items = arena_room(arena, list->items, list->count);
        list->items[list->count++] = flag;
    }
}

void flag_list_read(const struct flag_scan *scan, struct arena *arena,
                    struct diagnostics *diagnostics, struct flag_list *ret_list, size_t *ret_end)
{
    const struct logical_line *line = scan->line;
    const char *end = line->text + line->length;
    const char *p = skip_blanks(line->text + scan->offset, end);
    struct flag_list list = {0};

    while (end - p >= 2 && p[0] == '-' && p[1] == '-') {
        struct flag_word word;

        p = skip_blanks(read_word(line, p, arena, &word), end);
        /* "--" alone ends them. */
        if (*word.name == '\0' && !word.value)
            break;
        list_add(scan, arena, &word, diagnostics, &list);
    }
    *ret_list = list;
    *ret_end = (size_t)(p - line->text);
}
