/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "orchestrator/cli/command.h"
#include "orchestrator/cli/version.h"

int command_version(struct session *session, struct error *err)
{
    bool brief = false;
    const char *format = NULL;
    const struct option_row rows[] = {
        {0, "short", OPTION_FLAG, &brief, NULL, "only the number"},
        {'f', "format", OPTION_STRING, &format, "FORMAT", "pretty or json"},
        {0, NULL, OPTION_END, NULL, NULL, NULL},
    };
    struct string_list operands = {0};
    int result = session_options(session, rows, false, &operands, err);

    if (result != 0)
        return result < 0 ? -1 : 0;
    if (brief)
        (void)printf("%s\n", YAWL_VERSION);
    else if (string_eq(format, "json"))
        (void)printf("{\"version\":\"%s\"}\n", YAWL_VERSION);
    else
        (void)printf("yawl version %s\n", YAWL_VERSION);
    return 0;
}
