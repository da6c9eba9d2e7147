/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/build/suggestion.h"

#include "common/text.h"

/* "did you mean '--from'?", or nothing. */
static void append_hint(const struct suggestion *suggestion, struct text *out)
{
    const char *nearest =
        string_suggest(suggestion->word, suggestion->candidates, suggestion->count);

    if (nearest)
        text_appendf(out, "did you mean '%s%s'?", suggestion->prefix ? suggestion->prefix : "",
                     nearest);
}

void suggestion_add(const struct suggestion *suggestion, struct diagnostics *diagnostics,
                    struct position at, const char *path, const char *message)
{
    scoped_text struct text text = {0}, hint = {0};
    struct diagnostic entry = {.severity = suggestion->severity, .at = at, .path = path};

    text_appendf(&text, "%s '%s%s'", message, suggestion->prefix ? suggestion->prefix : "",
                 suggestion->word);
    append_hint(suggestion, &hint);
    entry.message = text_get(&text);
    entry.hint = hint.length > 0 ? text_get(&hint) : NULL;
    diagnostics_add(diagnostics, &entry);
}

int suggestion_fail(const struct suggestion *suggestion, const char *message, struct error *err)
{
    scoped_text struct text hint = {0};

    append_hint(suggestion, &hint);
    return error_set(err, "%s '%s'%s%s%s", message, suggestion->word, hint.length > 0 ? " (" : "",
                     text_get(&hint), hint.length > 0 ? ")" : "");
}
