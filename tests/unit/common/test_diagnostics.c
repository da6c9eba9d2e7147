/* SPDX-License-Identifier: Apache-2.0 */
#include "common/diagnostics.h"

#include <criterion/criterion.h>
#include <string.h>

#include "common/limits.h"

static const struct position place = {"compose.yaml", 14, 5};

Test(diagnostics, an_entry_is_printed_with_place_path_and_hint)
{
    scoped(diagnostics_free) struct diagnostics *diagnostics = diagnostics_new();
    scoped_text struct text out = {0};

    diagnostics_add(diagnostics, &(struct diagnostic){.severity = SEVERITY_ERROR,
                                                      .at = place,
                                                      .path = "services.api",
                                                      .message = "unknown key 'imge'",
                                                      .hint = "did you mean 'image'?"});
    diagnostics_print(diagnostics, &out);
    cr_expect_str_eq(text_get(&out), "compose.yaml:14:5: error: services.api: unknown key 'imge' "
                                     "(did you mean 'image'?)\n");
}

Test(diagnostics, the_same_entry_is_kept_once)
{
    scoped(diagnostics_free) struct diagnostics *diagnostics = diagnostics_new();

    diagnostics_error(diagnostics, place, "a", "x");
    diagnostics_error(diagnostics, place, "a", "x");
    diagnostics_warning(diagnostics, place, "a", "x");
    cr_expect_eq(diagnostics_count(diagnostics, SEVERITY_ERROR), 1);
    cr_expect_eq(diagnostics_length(diagnostics), 2);
}

Test(diagnostics, entries_are_printed_by_file_and_line)
{
    scoped(diagnostics_free) struct diagnostics *diagnostics = diagnostics_new();
    scoped_text struct text out = {0};

    diagnostics_error(diagnostics, (struct position){"/nowhere/b", 1, 1}, NULL, "fourth");
    diagnostics_error(diagnostics, (struct position){"/nowhere/a", 10, 2}, NULL, "third");
    diagnostics_warning(diagnostics, (struct position){"/nowhere/a", 9, 7}, NULL, "second");
    diagnostics_error(diagnostics, (struct position){0}, NULL, "first");
    diagnostics_print(diagnostics, &out);
    cr_expect_str_eq(text_get(&out), "error: first\n"
                                     "/nowhere/a:9:7: warning: second\n"
                                     "/nowhere/a:10:2: error: third\n"
                                     "/nowhere/b:1:1: error: fourth\n");
}

Test(diagnostics, more_than_the_limit_is_only_counted)
{
    scoped(diagnostics_free) struct diagnostics *diagnostics = diagnostics_new();

    for (int i = 0; i < LIMIT_DIAGNOSTICS + 10; i++)
        diagnostics_error(diagnostics, place, "a", "%d", i);
    cr_expect_eq(diagnostics_count(diagnostics, SEVERITY_ERROR), LIMIT_DIAGNOSTICS + 10);
    cr_expect_eq(diagnostics_length(diagnostics), LIMIT_DIAGNOSTICS);
}
