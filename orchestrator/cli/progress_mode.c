/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/progress_mode.h"

#include <unistd.h>

#include "common/text.h"

/* "", as an unset variable is often written, means the same as none. */
static bool is_auto(const char *word)
{
    return !word || !*word || string_eq(word, "auto");
}

int progress_mode_decide(const struct progress_facts *facts, struct progress_mode *ret_mode,
                         struct error *err)
{
    bool never = string_eq(facts->ansi, "never");
    bool always = string_eq(facts->ansi, "always");
    const char *progress = facts->progress;
    struct progress_mode mode = {.form = PROGRESS_PLAIN};

    if (!never && !always && !is_auto(facts->ansi))
        return error_set(err, "unknown value '%s' of --ansi: never, always or auto", facts->ansi);
    if (is_auto(progress))
        mode.form = always || (facts->terminal && !never) ? PROGRESS_TTY : PROGRESS_PLAIN;
    else if (string_eq(progress, "tty"))
        mode.form = PROGRESS_TTY;
    else if (string_eq(progress, "json"))
        mode.form = PROGRESS_JSON;
    else if (string_eq(progress, "quiet"))
        mode.form = PROGRESS_QUIET;
    else if (!string_eq(progress, "plain"))
        return error_set(err, "unknown value '%s' of --progress: auto, tty, plain, json or quiet",
                         progress);
    mode.colour = mode.form == PROGRESS_TTY && !facts->no_color && !never;
    *ret_mode = mode;
    return 0;
}

int progress_mode_find(const char *progress, const char *ansi, struct progress_mode *ret_mode,
                       struct error *err)
{
    const char *no_color = getenv("NO_COLOR");
    struct progress_facts facts = {
        .progress = progress ? progress : getenv("COMPOSE_PROGRESS"),
        .ansi = ansi ? ansi : getenv("COMPOSE_ANSI"),
        .terminal = isatty(STDERR_FILENO) && !string_eq(getenv("TERM"), "dumb"),
        .no_color = no_color && *no_color,
    };

    return progress_mode_decide(&facts, ret_mode, err);
}
