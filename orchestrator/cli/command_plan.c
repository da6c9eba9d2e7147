/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/up.h"

int command_plan(struct session *session, struct error *err)
{
    struct up up = {.request = {.command = "apply"}, .dry_run = true};
    struct option_row rows[UP_MAX_ROWS];
    int result;

    plan_rows(&up, rows);
    result = session_options(session, rows, false, &up.named, err);
    if (result != 0)
        return result < 0 ? -1 : 0;
    if (up.format && !string_eq(up.format, "text") && !string_eq(up.format, "json"))
        return error_set(err, "unknown format '%s': text or json", up.format);
    if (up_options_settle(&up, session, err) < 0)
        return -1;
    return up_run(session, &up, err);
}
