/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/command.h"
#include "orchestrator/cli/image/image_worker.h"

int command_load(struct session *session, struct error *err)
{
    const char *input = NULL;
    bool quiet = false;
    const struct option_row rows[] = {
        {'i', "input", OPTION_STRING, &input, "FILE",
         "archive or OCI layout; '-' is standard input"},
        {'q', "quiet", OPTION_FLAG, &quiet, NULL, "say nothing"},
        {0, NULL, OPTION_END, NULL, NULL, NULL},
    };
    struct string_list operands = {0}, args = {0};
    struct roots roots;
    int result = session_options(session, rows, false, &operands, err), exit_code;

    if (result != 0)
        return result < 0 ? -1 : 0;
    if (input)
        string_list_add(session->arena, &operands, input);
    if (operands.count == 0)
        return error_set(err, "load: name an archive, a directory or '-'");
    if (roots_find(session->arena, &roots, err) < 0)
        return -1;
    for (size_t i = 0; i < operands.count; i++) {
        args = (struct string_list){0};
        string_list_add(session->arena, &args, "load");
        string_list_add(session->arena, &args, "--data-root");
        string_list_add(session->arena, &args, roots.data);
        if (quiet)
            string_list_add(session->arena, &args, "--quiet");
        string_list_add(session->arena, &args, operands.items[i]);
        if (image_worker_run(args, &exit_code, err) < 0)
            return -1;
        if (exit_code != 0)
            return exit_code;
    }
    return 0;
}
