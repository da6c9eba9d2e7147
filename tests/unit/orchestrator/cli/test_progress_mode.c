/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/progress_mode.h"

#include <criterion/criterion.h>

static enum progress_form form_of(struct progress_facts facts)
{
    struct progress_mode mode;
    struct error err = {0};

    cr_assert_eq(progress_mode_decide(&facts, &mode, &err), 0, "%s", err.text);
    return mode.form;
}

static bool colour_of(struct progress_facts facts)
{
    struct progress_mode mode;

    cr_assert_eq(progress_mode_decide(&facts, &mode, NULL), 0);
    return mode.colour;
}

Test(progress_mode, a_terminal_gets_a_picture_and_a_pipe_gets_lines)
{
    cr_expect_eq(form_of((struct progress_facts){.terminal = true}), PROGRESS_TTY);
    cr_expect_eq(form_of((struct progress_facts){.terminal = true, .progress = ""}), PROGRESS_TTY);
    cr_expect_eq(form_of((struct progress_facts){.terminal = false}), PROGRESS_PLAIN);
}

Test(progress_mode, what_is_asked_for_by_name_counts_more_than_the_terminal)
{
    cr_expect_eq(form_of((struct progress_facts){.terminal = true, .progress = "json"}),
                 PROGRESS_JSON);
    cr_expect_eq(form_of((struct progress_facts){.progress = "tty"}), PROGRESS_TTY);
    cr_expect_eq(form_of((struct progress_facts){.terminal = true, .progress = "quiet"}),
                 PROGRESS_QUIET);
}

Test(progress_mode, ansi_never_makes_lines_of_auto)
{
    cr_expect_eq(form_of((struct progress_facts){.terminal = true, .ansi = "never"}),
                 PROGRESS_PLAIN);
    cr_expect_eq(form_of((struct progress_facts){.ansi = "always"}), PROGRESS_TTY);
}

Test(progress_mode, no_color_takes_the_colour_and_nothing_else)
{
    struct progress_facts facts = {.terminal = true, .no_color = true};

    cr_expect_eq(form_of(facts), PROGRESS_TTY);
    cr_expect_not(colour_of(facts));
    cr_expect(colour_of((struct progress_facts){.terminal = true}));
}

Test(progress_mode, other_words_are_refused)
{
    struct progress_facts progress = {.progress = "fancy"}, ansi = {.ansi = "sometimes"};
    struct progress_mode mode;

    cr_expect_eq(progress_mode_decide(&progress, &mode, NULL), -1);
    cr_expect_eq(progress_mode_decide(&ansi, &mode, NULL), -1);
}
